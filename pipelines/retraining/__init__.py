"""What every wish for a training obeys, whoever wishes: cool-down, cost, quiet hours, labels."""
