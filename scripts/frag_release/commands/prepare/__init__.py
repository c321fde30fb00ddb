"""The command `prepare`: from a form to a reviewed change of two lines."""
