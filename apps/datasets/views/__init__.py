"""Pages of datasets: thin; services write, querysets and rows read."""
