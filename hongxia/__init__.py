"""What the five services share: technical, small, and knowing nothing of cadres."""


def __getattr__(name: str) -> str:
    """Return the version when it is first asked for: looking it up costs more than starting a reader of workbooks."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import version

    return version("hongxia")
