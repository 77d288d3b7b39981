"""Pages of the workspace, by topic."""
