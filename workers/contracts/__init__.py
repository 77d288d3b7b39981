"""What the site and the workers say to each other: pure pydantic, the only part that apps may import."""
