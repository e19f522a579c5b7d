"""Budget lines (预算项目): approved, amended, voided; their balance is judged by date."""
