"""Jitted functions on arrays: numpy, numba and math only; no files, no options, no physics of a whole model."""
