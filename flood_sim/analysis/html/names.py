"""Names on a page, English and Chinese (translations recalled). Outcomes have a table of their own:
`outcomes/outcome.py`.
"""

import re

from flood_sim.analysis.html.words import Words

LEDGER = {
    "rain": Words("rain", "降雨"),
    "inflow": Words("inflow", "入流"),
    "boundary_in": Words("in over the boundary", "边界流入"),
    "network_inflow": Words("into sewers from outside", "管网外来"),
    "boundary_out": Words("out over the boundary", "边界流出"),
    "infiltration": Words("infiltration", "下渗"),
    "evaporation": Words("evaporation", "蒸发"),
    "outfall_out": Words("outfalls", "排放口"),
    "sewer_evaporation": Words("evaporated from sewers", "管网蒸发"),
    "sewer_seepage": Words("seeped from sewers", "管网渗出"),
    "spill_lost": Words("spilled off the grid", "网格外溢流"),
    "surface_stored_start": Words("on the ground at the start", "地表初始蓄水"),
    "surface_stored_end": Words("on the ground at the end", "地表期末蓄水"),
    "network_stored_start": Words("in sewers at the start", "管网初始蓄水"),
    "network_stored_end": Words("in sewers at the end", "管网期末蓄水"),
    "sites_stored_start": Words("underground at the start", "地下初始蓄水"),
    "sites_stored_end": Words("underground at the end", "地下期末蓄水"),
    "network_residual": Words("SWMM's own residual", "SWMM 残差"),
    "error": Words("error of the ledger", "水量平衡误差"),
}
STANDARDS = {
    "flood_protection": Words("flood protection", "防洪"),
    "waterlogging": Words("waterlogging", "城市内涝"),
    "underground_space": Words("underground space", "地下空间"),
    "underground": Words("underground space", "地下空间"),
}
CRITERIA = {
    "roads_dry_of_the_river": Words("roads dry of the river", "道路不受河水淹没"),
    "dyke_safety_height": Words("safety height of the dyke", "堤顶安全超高"),
    "lane_15cm": Words("a way at most 15 cm deep", "有一条水深不超过 15 cm 的通道"),
    "ground_floors_dry": Words("ground floors dry", "建筑底层不进水"),
    "recession": Words("passable again after the rain", "雨后恢复通行"),
    "no_water_over_a_sill": Words("no water over a sill", "地下空间门槛不过水"),
}
IN_HOURS = ("recession",)  # criteria whose worst value and limit are h; all others are m
LOADS = {
    "short": Words("short storm", "短历时暴雨"),
    "day": Words("rain of 24 h", "24 小时降雨"),
    "river": Words("river", "河道水位"),
}
CITY_CLASSES = {
    "super": Words("super", "超大城市"),
    "mega": Words("mega", "特大城市"),
    "large": Words("large", "大城市"),
    "medium": Words("medium", "中等城市"),
    "small": Words("small", "小城市"),
}
PORTFOLIOS = {
    "baseline": Words("baseline", "现状"),
    "none": Words("as it is", "现状"),
    "all": Words("all", "全部"),
}
PLACES = {  # of the reference city and of audits; a number may follow
    "underpass": Words("underpass", "下穿通道"),
    "lake": Words("lake", "湖"),
    "metro": Words("metro", "地铁站"),
    "metro_entrance": Words("metro entrance", "地铁出入口"),
    "underground_car_park": Words("underground car park", "地下车库"),
    "distribution_room": Words("distribution room", "配电室"),
    "substation": Words("substation", "变电站"),
    "hospital": Words("hospital", "医院"),
    "fire_station": Words("fire station", "消防站"),
    "water_works": Words("water works", "水厂"),
    "telecom": Words("telecom", "通信站"),
    "carriageway": Words("carriageway", "车行道"),
    "dyke": Words("dyke", "堤防"),
}
SCHEMES = {
    "local_inertial": Words(
        "local_inertial (shallow water without advection)", "local_inertial（不计对流项的浅水方程）"
    ),
    "second_order": Words(
        "second_order (full shallow water)", "second_order（完整浅水方程，二阶精度）"
    ),
}
# Why an outcome has no value, by what the note begins with.
REASONS = {
    "no exposure in this run": "本次运行没有承灾体数据",
    "no roads in this run": "本次运行没有道路数据",
    "no buildings in this run": "本次运行没有建筑数据",
    "nobody says how many people": "没有人口数据",
    "the scenario has no critical sites": "情景中没有重要设施",
    "the scenario has no underground spaces": "情景中没有地下空间",
    "this run kept no": "本次运行没有保存所需的场",
    "no fire_station in": "情景中没有消防站",
    "no hospital in": "情景中没有医院",
    "nobody here is reached": "无积水时也到达不了",
}


def portfolio_words(name: str) -> Words:
    """A portfolio of the user's keeps its name."""
    return PORTFOLIOS.get(name, Words(name, name))


def place_words(name: str) -> Words:
    """A gauge's name as people read it; those of the reference city in both languages."""
    kind, number = re.fullmatch(r"(.*?)(?:_(\d+))?", name).groups()  # type: ignore[union-attr]
    words = PLACES.get(kind)
    if words is None:
        return Words(name.replace("_", " "), name.replace("_", " "))
    return Words(*(f"{w} {number}" if number else w for w in words))


def reason_words(note: str) -> Words:
    """Why there is no value; the note itself where no translation begins as it does."""
    return Words(note, next((zh for en, zh in REASONS.items() if note.startswith(en)), note))


def standard_words(standard: str, chinese: str = "") -> Words:
    """A standard of the shipped files, or the user's own with what its file says in Chinese."""
    name = standard.replace("_", " ")
    words = STANDARDS.get(standard, Words(name, name))
    return Words(words.en, chinese or words.zh)


def criterion_words(criterion: str) -> Words:
    """A criterion of the shipped standards; the user's own keeps its name."""
    name = criterion.replace("_", " ")
    return CRITERIA.get(criterion, Words(name, name))
