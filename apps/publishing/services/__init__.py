"""Every write to apps, links, conversations and trials, by topic."""
