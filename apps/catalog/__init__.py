"""Base models and model versions: where they come from, their files, export."""
