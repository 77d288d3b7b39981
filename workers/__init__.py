"""Everything that runs outside the web process; see docs/architecture.md for who may import whom."""
