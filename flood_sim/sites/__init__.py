"""What drowns below and beside the street: underground spaces, critical services, and what ties
them.
"""
