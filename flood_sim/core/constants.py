"""Physical constants (SI) that more than one room needs."""

GRAVITY_M_S2 = 9.80665
POND_DEPTH_M = 0.15  # duration_0p15: the waterlogging limit of GB 51222
