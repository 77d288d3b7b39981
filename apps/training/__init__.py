"""The wizard, recipes' forms, pre-flight, runs and their live pages."""
