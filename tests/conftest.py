"""The private servers as fixtures, for whatever test asks for them."""

pytest_plugins = ["tests.servers.fixtures"]
