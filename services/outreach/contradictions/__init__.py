"""Contradictions: records that the register, or another record, learnt of later, does not allow."""
