"""The inputs of a run: their table, the environment, the command line, and the settings made from them."""
