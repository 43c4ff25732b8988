"""How right a model is: estimated before labels come, measured with them, held against the past."""
