"""The world outside: GitHub, clones, AWX, registries, the site, and the HTTP session that they share."""
