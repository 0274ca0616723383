"""One run: its inputs, all models opened, what they exchange, one loop."""
