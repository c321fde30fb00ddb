"""Where repositories live: on GitHub, or as clones on this disk."""
