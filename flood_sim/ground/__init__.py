"""What is given before water moves: terrain, exposure, roads, soil, rain."""
