"""The console: `flood-sim` and its commands."""
