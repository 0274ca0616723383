"""What `check` looks at beyond the range of one key: levels, odd values, the network, and the files
that it leaves.
"""
