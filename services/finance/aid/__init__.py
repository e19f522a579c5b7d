"""Aid (帮扶拨付): finance's half of the saga; an approved case is paid, refused, or waits for its line."""
