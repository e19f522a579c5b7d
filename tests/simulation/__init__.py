"""Deterministic simulation of the event platform: its real steps under a seeded scheduler, with faults.

`history` runs one history from a seed, `services` are the three small services in it, `broker` and `feeds` stand in for
RabbitMQ and HTTP, `faults` lists what may go wrong, `truth`, `safety` and `liveness` judge, `breakages` are wrong
variants of the steps that must be found out. `python -m tests.simulation --seed N` shows a history.
"""
