"""What all tests share: the private servers as fixtures, and how the machine is made to matter less."""

from hypothesis import settings

from hongxia import installation
from hongxia.cli.start import reach_this_machine_directly
from hongxia.installation import Installation

reach_this_machine_directly()
installation.use(Installation("test", "the secret of the tests' installation"))
settings.register_profile("hongxia", deadline=None, derandomize=True)
settings.load_profile("hongxia")

pytest_plugins = ["tests.servers.fixtures"]
