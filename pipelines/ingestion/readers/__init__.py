"""One module a format: `read(path, limits)` and the suffixes that it takes by itself."""
