"""What all tests share: the private servers as fixtures, and how the machine is made to matter less."""

import pytest
from hypothesis import settings

from hongxia import installation
from hongxia.cli.start import reach_this_machine_directly
from tests import INSTALLATION

reach_this_machine_directly()
settings.register_profile("hongxia", deadline=None, derandomize=True)
settings.load_profile("hongxia")


@pytest.fixture(autouse=True)
def _installation() -> None:
    """A test that starts services leaves this process in their installation; the next one is in the tests' again."""
    installation.use(INSTALLATION)


pytest_plugins = ["tests.servers.fixtures"]
