"""The launcher: starts every process of the studio on one machine, keeps them alive, and ends them all.

It imports neither Django nor any model library, so that it starts at once and outlives the processes that it starts.
"""
