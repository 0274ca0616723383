"""Physical constants (SI) that more than one room needs."""

GRAVITY_M_S2 = 9.80665
DRY_DEPTH_M = 1.0e-3  # a cell counts as wet in maps and statistics above this depth
ARRIVAL_DEPTH_M = 0.05  # arrival_time: first depth above this (result contract)
POND_DEPTH_M = 0.15  # duration_0p15: the waterlogging limit of GB 51222
