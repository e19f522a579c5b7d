"""Aid (帮扶): applied for, decided by a leader, paid or refused by finance, and what may happen after that."""
