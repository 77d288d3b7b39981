"""Toy kinds, each in one file, as an extension adds them: `EXTENSIONS=group:tests.extension_points.module`."""
