"""Water on the ground: flow, openings, rain, losses, structures, boundaries, and the checks of its
stability.
"""
