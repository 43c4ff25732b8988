"""The statistics: a window's sketches against those of the past, at a calibrated level. Pure."""
