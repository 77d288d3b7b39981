"""What computes: one file per model family behind the Backend interface."""
