"""Scores models on held-out rows and compares them; imports no Django."""
