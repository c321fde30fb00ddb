"""AWX, by its REST API."""
