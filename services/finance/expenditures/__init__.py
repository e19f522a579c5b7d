"""Expenditure (支出): vouchers posted to a line, amended, taken back whole by a reversal."""
