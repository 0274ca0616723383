"""Standards of a city: their criteria on one run, ladders of return periods, and their files."""
