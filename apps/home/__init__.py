"""The first page, set-up, examples."""
