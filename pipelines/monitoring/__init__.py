"""What comes in, what a model answers and how right it is, watched window by window.

`sketches` counts a day's rows in bins, `drift` holds the counts against the past, `quality` does so
with what is known of right answers. `look` puts these and the smaller looks (freshness, system)
together, `verdict` says what follows from them, and `response` makes it happen. `step` runs it all
for the windows that `plan` chose; `timeline` reads what came of it for people.
"""
