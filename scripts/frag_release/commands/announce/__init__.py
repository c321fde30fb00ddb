"""The command `announce`: the ticket and the board."""
