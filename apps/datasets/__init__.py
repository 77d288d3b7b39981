"""Upload, import, column roles, versions, splits, browsing rows."""
