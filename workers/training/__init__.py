"""Pre-flight, training and export: each takes a spec and a reporter, and runs from a shell without the site."""
