"""A study as it stands in a file, and what is refused in it before anything runs."""
