"""How files that a scenario points to are opened: paths, maps, tables."""
