"""What drowns below and beside the street: underground spaces, critical sites, and what ties
them.
"""
