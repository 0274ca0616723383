"""Names on a page, English and Chinese (translations recalled). Outcomes have a table of their own:
`outcomes/outcome.py`.
"""

LEDGER = {
    "rain": ("rain", "降雨"),
    "inflow": ("inflow", "入流"),
    "boundary_in": ("in over the boundary", "边界流入"),
    "network_inflow": ("into sewers from outside", "管网外来"),
    "boundary_out": ("out over the boundary", "边界流出"),
    "infiltration": ("infiltration", "下渗"),
    "evaporation": ("evaporation", "蒸发"),
    "outfall_out": ("outfalls", "排放口"),
    "sewer_evaporation": ("evaporated from sewers", "管网蒸发"),
    "sewer_seepage": ("seeped from sewers", "管网渗出"),
    "spill_lost": ("spilled off the grid", "网格外溢流"),
    "surface_stored_start": ("on the ground at the start", "地表初始蓄水"),
    "surface_stored_end": ("on the ground at the end", "地表期末蓄水"),
    "network_stored_start": ("in sewers at the start", "管网初始蓄水"),
    "network_stored_end": ("in sewers at the end", "管网期末蓄水"),
    "sites_stored_start": ("underground at the start", "地下初始蓄水"),
    "sites_stored_end": ("underground at the end", "地下期末蓄水"),
    "network_residual": ("SWMM's own residual", "SWMM 残差"),
    "error": ("error of the ledger", "水量平衡误差"),
}
STANDARDS = {
    "flood_protection": "flood protection",
    "waterlogging": "waterlogging",
    "underground_space": "underground space",
}
