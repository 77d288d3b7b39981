"""Pages: the studio's own, the public ones, and the one for trying models."""
