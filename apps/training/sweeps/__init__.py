"""Sweeps: series of runs that search for better settings."""
