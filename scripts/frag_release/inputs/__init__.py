"""What a run is given: the table of inputs, the environment, the command line, and the settings made of them."""
