"""Apps, versions, share links, public pages, conversations, the streamer."""
