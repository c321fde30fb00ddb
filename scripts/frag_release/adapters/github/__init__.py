"""GitHub as a forge: its REST and GraphQL APIs."""
