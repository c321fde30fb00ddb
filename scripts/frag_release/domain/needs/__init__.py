"""What the commands need, and what enforces the gate from outside: pure judgements of what was seen."""
