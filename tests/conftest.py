"""What all tests share: the private servers as fixtures, and how the machine is made to matter less."""

from hypothesis import settings

from hongxia.cli.start import reach_this_machine_directly

reach_this_machine_directly()
settings.register_profile("hongxia", deadline=None, derandomize=True)
settings.load_profile("hongxia")

pytest_plugins = ["tests.servers.fixtures"]
