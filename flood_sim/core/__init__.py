"""What every room speaks: errors, units, constants, grid, clock, ledger, names of variables,
plugins; the sandbox and the last net.
"""
