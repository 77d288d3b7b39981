"""The process that owns replies: takes requests under a lease, calls the engine, writes token logs."""
