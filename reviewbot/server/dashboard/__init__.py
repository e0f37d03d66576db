"""The dashboard: the record in a browser and as JSON, for those who may see it."""
