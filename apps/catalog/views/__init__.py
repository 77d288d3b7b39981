"""Pages of models: thin; services write, querysets read."""
