"""Reports: what a command found and did. Outputs, job summary, log and JSON are made from them."""
