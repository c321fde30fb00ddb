"""The world around the action, for tests and the demo: repositories, a GitHub, registries, a runner."""
