"""/api/v1: enough to do the main job without a browser."""
