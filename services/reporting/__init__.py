"""Reporting: its own log of every event, the facts derived from them, and the year's figures."""
