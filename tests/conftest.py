"""What all tests share: the private servers as fixtures, and how the machine is made to matter less."""

from hypothesis import settings

from hongxia import installation
from hongxia.cli.start import reach_this_machine_directly
from tests.keys import INSTALLATION

reach_this_machine_directly()
installation.use(INSTALLATION)
settings.register_profile("hongxia", deadline=None, derandomize=True)
settings.load_profile("hongxia")

pytest_plugins = ["tests.servers.fixtures"]
