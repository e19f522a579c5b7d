"""Facts: what the events of the sources say, one row at a time, so that figures can be counted from them."""
