"""How far a reader walks: one recorded visit followed through the code, and what a field and a route cost in lines.

`python -m tests.walk` prints and checks it.
"""
