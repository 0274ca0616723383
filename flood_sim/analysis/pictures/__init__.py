"""Pictures of a run: maps, curves, sections, animations; one style."""
