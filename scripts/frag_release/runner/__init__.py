"""The one room that talks to the runner: inputs, context, log commands, outputs, job summary."""
