"""The fixtures of the end-to-end tests."""

from tests.e2e.conftest import workbooks  # noqa: F401
