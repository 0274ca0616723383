"""Sewers: a protocol, EPA SWMM behind it, and the text of its .inp. One module knows pyswmm."""
