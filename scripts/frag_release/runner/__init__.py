"""Everything that talks to the runner: log commands, outputs, job summary, packages."""
