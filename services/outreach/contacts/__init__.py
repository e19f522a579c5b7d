"""Monthly contacts (每月敬爱连线): made, amended, voided."""
