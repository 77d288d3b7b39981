"""The engine's client and its state."""
