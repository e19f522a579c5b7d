"""The fixtures of the attacks."""

from tests.attacks.deployed_broker import deployed  # noqa: F401
