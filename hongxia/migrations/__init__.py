"""The platform's tables as migrations: each service's own revisions call these, version by version."""
