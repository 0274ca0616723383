"""What a flood does, from a result folder alone: losses, access, evacuation, hazard, streets."""
