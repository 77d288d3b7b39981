"""Abstract bases, errors, htmx, storage, sockets and the ui template tags; no model of its own."""
