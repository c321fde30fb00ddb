"""One module for each command: fetch facts, call the domain, render, act."""
