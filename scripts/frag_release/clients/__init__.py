"""Clients of the services beside the forge, and the HTTP session that all of them share."""
