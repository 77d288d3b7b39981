"""One reader per format: a generator of rows and rejects in the order of the file, bounded in memory."""
