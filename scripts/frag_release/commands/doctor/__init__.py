"""The command `doctor`: what is missing, before anything is written."""
