"""A whole bureau in one process: the five services without servers, for tests that look at all of them at once."""
