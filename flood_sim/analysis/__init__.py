"""What results mean: pictures and reports. Reads Results only, never a model."""
