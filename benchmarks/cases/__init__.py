"""Accuracy: cases with known answers. Each case is a function of a Setting that returns its
findings; `accuracy.py` runs them all.
"""
