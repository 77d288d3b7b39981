"""Seeded generators of the example datasets: `python -m examples.generators` writes every data file again."""
