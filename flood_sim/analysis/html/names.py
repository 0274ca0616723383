"""Names of outcomes on a page, English and Chinese (translations recalled)."""

OUTCOMES = {
    "damage": ("damage", "经济损失"),
    "people_exposed": ("people in wet ground floors", "底层进水居民"),
    "people_outdoors": ("people on dangerous streets", "街上处于危险的人"),
    "underground_entry_metro": ("water into the metro", "地铁进水量"),
    "underground_entry_garage": ("water into garages", "车库进水量"),
    "evacuation_shortfall": ("people too late underground", "地下疏散不及"),
    "service_loss": ("hours without service", "服务中断小时"),
    "road_area_hours": ("flooded road", "道路积水"),
    "access_loss_fire_engine": ("people beyond fire engines", "消防不可达"),
    "ground_floors_wet": ("wet ground floors", "底层进水建筑"),
    "volume_out_of_sewer": ("water out of sewers", "检查井冒溢"),
}
HEADLINE = (
    "damage",
    "people_exposed",
    "underground_entry_metro",
    "service_loss",
    "road_area_hours",
    "access_loss_fire_engine",
)
LEDGER = {
    "rain": ("rain", "降雨"),
    "inflow": ("inflow", "入流"),
    "boundary_in": ("in over the boundary", "边界流入"),
    "network_inflow": ("into sewers from outside", "管网外来"),
    "boundary_out": ("out over the boundary", "边界流出"),
    "infiltration": ("infiltration", "下渗"),
    "evaporation": ("evaporation", "蒸发"),
    "outfall_out": ("outfalls", "排放口"),
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
