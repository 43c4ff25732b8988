"""How right answers are: what evaluation and monitoring measure alike. Pure, but for specs."""
