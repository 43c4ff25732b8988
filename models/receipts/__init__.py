"""Key fields of receipts and invoices."""
