"""The command `deploy`: AWX launched and followed, and the site seen."""
