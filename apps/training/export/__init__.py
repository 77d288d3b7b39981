"""A run as a folder that trains without the studio, and as recipes of other tools."""
