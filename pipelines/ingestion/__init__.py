"""From files as people have them to rows of one schema in the landing zone.

A reader turns one file into records and refusals; landing keeps the original, reads files
in parallel and writes one Parquet file a day. Only the reader and the schema know what a
row is, so that a data set of another shape adds those two and nothing else.
"""
