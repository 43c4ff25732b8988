"""Which card purchases are fraud, told when they are made."""
