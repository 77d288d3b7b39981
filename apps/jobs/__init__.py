"""The row behind every piece of background work, its events, live pages and the reaper."""
