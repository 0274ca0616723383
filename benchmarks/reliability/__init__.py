"""What happens to a run when things go wrong."""
