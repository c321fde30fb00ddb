"""The HTTP session of everything that is reached by it: credentials, trust, time limits, pace, redirects."""
