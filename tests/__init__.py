"""The tests; all of them belong to one installation."""

from hongxia import installation
from hongxia.installation import Installation

INSTALLATION = Installation("test", "the secret of the tests' installation")
installation.use(INSTALLATION)
