"""One declaration of a record's fields, and what is derived from it."""
