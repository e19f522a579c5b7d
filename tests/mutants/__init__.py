"""How strong the tests are: small faults are put into a copy of the code, one at a time, and the tests must notice.

`python -m tests.mutants --seed 1 --minutes 20` tests a seeded sample; `make mutants` calls it.
"""
