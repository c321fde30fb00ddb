"""What commands ask of a forge, whichever it is."""
