"""Limits and curves of consequences: the files that come with the program, and their reading."""
