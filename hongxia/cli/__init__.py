"""The command line `hongxia`."""
