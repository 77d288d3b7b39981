"""The Django apps, in layers; see docs/architecture.md."""
