"""The pure heart: version grammar, workflow file, rules and verdict. Imports nothing else of ours."""
