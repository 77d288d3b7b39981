"""From a file as people have it to rows that can be trained on; every row is kept or rejected with a reason."""
