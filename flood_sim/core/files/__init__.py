"""How files are read and written: tables, TOML, NetCDF, JSON; whole or not at all; locks of
folders.
"""
