"""Data packs of places: rain law, money, limits, standards, language, zone. A TOML file each."""
