"""What the five services share: technical, small, and knowing nothing of cadres."""

from importlib.metadata import version

__version__ = version("hongxia")
