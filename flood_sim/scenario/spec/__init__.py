"""What may stand in a scenario file and in its tables: one frozen model a section, and the
reference made from them.
"""
