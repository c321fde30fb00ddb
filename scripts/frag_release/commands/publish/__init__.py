"""The command `publish`: from a reviewed commit to a tag, its build and a release."""
