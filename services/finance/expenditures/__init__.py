"""Expenditure (支出): vouchers posted to a line, amended, reversed whole."""
