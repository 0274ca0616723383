"""Mistakes in measures, phases and packs of regions, each mended as its message says."""

import re
from pathlib import Path

import pytest

from flood_sim.core.errors import Finding
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.scenario.build import plan_text
from measured_town import TOWN, town
from scenario.test_loader import GOOD
from ways_out import Way, check, follow, put

CHANGE, ALLOWED = "change the value, or leave the part out", "give what is allowed"
HOUSE = "[[72, 32], [78, 32], [78, 38], [72, 38]]"
LAKE = "[[0, 0], [20, 0], [20, 10], [0, 10]]"
YARD = "[[30, 5], [50, 5], [50, 15], [30, 15]]"
MEASURE = '[measure.m]\nkind = "{}"\n'


def measured(body: str, *more: str) -> str:
    """Measure m of a kind, keys below it; further measures stand in `more`. All are built."""
    kind, _, keys = body.partition("\n")
    text = MEASURE.format(kind) + keys + "\n"
    names = ["m", *(f"m{k}" for k in range(2, 2 + len(more)))]
    for name, other in zip(names[1:], more, strict=True):
        kind, _, keys = other.partition("\n")
        text += MEASURE.format(kind).replace(".m]", f".{name}]") + keys + "\n"
    listed = ", ".join(f'"{name}"' for name in names)
    return f"{text}[portfolio.one]\nmeasures = [{listed}]\n"


def way(
    says: str, do: str, body: str, *changes, text: str = TOWN, network=(), code: str = "E520"
) -> Way:
    """A measure of the town that is refused, and its keys mended: each first of two changes becomes
    the second (a text, or what that makes of the message's way out). network: changes before.
    """

    def wrong(folder: Path) -> None:
        town(folder, measured(*body.split("\n---\n")), text)
        for old, new in network:
            put("n.inp", old, new)(folder)

    def mend(folder: Path, finding: Finding) -> None:
        for old, new in zip(changes[::2], changes[1::2], strict=True):
            put("s.toml", old, new if isinstance(new, str) else new(finding.do))(folder)

    return Way(code, says, do, wrong, mend)


def scene(code: str, says: str, do: str, text: str, *changes, give=check) -> Way:
    """A scenario without the town, and its text mended as in `way`; own.toml is a pack's."""

    def wrong(folder: Path) -> None:
        (folder / "s.toml").write_text(text)
        (folder / "own.toml").write_text('name = "x"\ncurency = "EUR"\n')

    def mend(folder: Path, finding: Finding) -> None:
        for name, old, new in changes:
            put(name, old, new)(folder)

    return Way(code, says, do, wrong, mend, give)


def priced(folder: Path) -> list[Finding]:
    """What `check` says of the plan of the folder's scenario, its phases priced."""
    scenario = load_scenario(folder / "s.toml")
    inputs = build_inputs(scenario, "small@2030")
    plan_text(scenario, "small@2030", inputs)
    return list(inputs.findings)


RISING = GOOD.replace("slope_x = -0.01", "slope_x = 0.05")
HILL = GOOD.replace("slope_x = -0.01", "boxes = [[50, 0, 100, 50, 0.0, 0.2]]")

WAYS = [
    way(
        "`…` is a number",
        CHANGE,
        'entrance_step\ntargets = { where = ["sill_m > high"] }\nraise_m = 0.1',
        "> high",
        "> 9.0",
    ),
    way(
        "a culvert between surface cells gets more barrels of its own size; another size is not"
        " implemented",
        "use barrels",
        'culvert_enlargement\ntargets = ["old"]\nheight_m = 2.0',
        "height_m = 2.0",
        "barrels = 2",
    ),
    way(
        "a name stands twice",
        CHANGE,
        'backup_power\ntargets = ["s3", "s3"]',
        '"s3", "s3"',
        '"s3"',
    ),
    way(
        "a node has no coordinates",
        "add length_m",
        'relief_sewer\nfrom_node = "J1"\nto_node = "far"\ndiameter_m = 0.3',
        "diameter_m = 0.3",
        "diameter_m = 0.3\nlength_m = 50.0",
    ),
    way(
        "a tunnel without a pump is full after the first storm",
        ALLOWED,
        'deep_tunnel\ntargets = ["J1"]\nlength_m = 100.0\ndewater_m3_s = 0.0',
        "_s = 0.0",
        "_s = 1.0",
    ),
    way(
        "a … does not hold this",
        ALLOWED,
        'flood_barrier\ntargets = ["a"]\ntype = "sandbag"\nheight_m = 0.8',
        "= 0.8",
        "= 0.5",
    ),
    way(
        "above close_m",
        ALLOWED,
        'closure_rule\ntargets = ["a"]\ngauge = "quay"\nwarn_m = 0.2\nclose_m = 0.08',
        "= 0.2",
        "= 0.08",
    ),
    way(
        "above start_depth_m",
        CHANGE,
        'sump_pumps\ntargets = ["a"]\nalways_powered = true\nstop_depth_m = 0.5',
        "= 0.5",
        "= 0.1",
    ),
    way(
        "above the ceiling of its room",
        ALLOWED,
        'raised_plinth\ntargets = ["room"]\nraise_m = 3.0',
        "= 3.0",
        "= 1.0",
    ),
    way(
        "both ends lie in one cell",
        CHANGE,
        "new_pump_station\nfrom_m = [22, 22]\nto_m = [23, 23]\ncapacity_m3_s = 0.1",
        "[23, 23]",
        "[33, 23]",
    ),
    way(
        "both ends must lie on open ground",
        CHANGE,
        "new_channel\ntargets = { line_m = [[42, 42], [75, 35]] }\nslope = 0.001",
        "[75, 35]",
        "[62, 42]",
    ),
    way(
        "both feeds would fail together",
        "tie to another substation",
        'supply_tie\ntargets = ["station"]\nfrom_site = "s3"',
        '"s3"\n[portfolio',
        '"s2"\n[portfolio',
    ),
    way(
        "deeper than 0.5 m without a fence",
        "fenced = true",
        f"park_retention\ntargets = {{ polygon_m = {YARD} }}\ndepth_m = 1.0",
        "depth_m = 1.0",
        lambda do: f"depth_m = 1.0\n{do}",
    ),
    way(
        "give either gauge or at_m",
        CHANGE,
        'closure_rule\ntargets = ["a"]\ngauge = "quay"\nat_m = [2, 27]\nwarn_m = 0.0\n'
        "close_m = 0.08",
        "at_m = [2, 27]\n",
        "",
    ),
    way(
        "give either raise_m or failure_depth_m",
        CHANGE,
        'raised_plinth\ntargets = ["s1"]\nraise_m = 1.0\nfailure_depth_m = 2.0',
        "raise_m = 1.0\n",
        "",
    ),
    way(
        "give either sill_height_m or raise_m",
        CHANGE,
        'entrance_step\ntargets = ["a"]\nraise_m = 1.0\nsill_height_m = 1.0',
        "raise_m = 1.0\n",
        "",
    ),
    way(
        "it runs in a circle",
        CHANGE,
        'entrance_step\ntargets = ["a"]\nraise_m = 0.5\nafter = ["m2"]\n---\n'
        'entrance_step\ntargets = ["b"]\nraise_m = 0.5\nafter = ["m"]',
        'after = ["m"]\n',
        "",
    ),
    way(
        "it runs through … cells of buildings",
        "move the line",
        "new_channel\ntargets = { line_m = [[62, 34], [92, 34]] }\nslope = 0.001",
        "[[62, 34], [92, 34]]",
        "[[62, 14], [92, 14]]",
    ),
    way(
        "it runs uphill",
        "turn the line round, or give a slope",
        "new_channel\ntargets = { line_m = [[22, 14], [62, 14]] }\ndepth_m = 0.7",
        "depth_m = 0.7",
        "depth_m = 0.7\nslope = 0.001",
    ),
    way(
        "it runs uphill",
        "turn the line round, or give a slope",
        "new_channel\ntargets = { line_m = [[22, 14], [62, 14]] }\ndepth_m = 0.1",
        "[[22, 14], [62, 14]]",
        "[[62, 14], [22, 14]]",
        text=RISING,
    ),
    way(
        "it shares a face with `…` (row …, column …)",
        "let lines end a cell apart, or make them one structure",
        "levee_raising\ntargets = { line_m = [[30, 5], [50, 5]] }\nraise_m = 1.0\n---\n"
        "levee_raising\ntargets = { line_m = [[45, 5], [60, 5]] }\nraise_m = 1.0",
        "[[45, 5], [60, 5]]",
        "[[55, 5], [65, 5]]",
    ),
    way(
        "its slope would be …",
        "choose another node, or a pump",
        'relief_sewer\nfrom_node = "J2"\nto_node = "J1"\ndiameter_m = 0.3',
        'to_node = "J1"',
        'to_node = "well"',
    ),
    way(
        "less than one cell wide",
        "use smaller cells",
        "new_channel\ntargets = { line_m = [[22, 14], [62, 14]] }\nslope = 0.001\nbottom_m = 3.0",
        "columns = 20, rows = 10, cell_size_m = 5.0",
        "columns = 40, rows = 20, cell_size_m = 2.5",
    ),
    way(
        "links and gauge go together",
        "add the other, or leave both out",
        'smart_control\nlinks = ["P"]',
        'links = ["P"]',
        'links = ["P"]\ngauge = "quay"',
    ),
    way(
        'name the …, or give layer = "…" with a rule',
        'targets = ["NAME", ...], or { layer = "...", where = ["field op value"] }',
        "entrance_step\nraise_m = 0.1",
        "raise_m = 0.1",
        'raise_m = 0.1\ntargets = ["a"]',
    ),
    way(
        "names of structures are needed",
        'targets = ["NAME", ...]',
        "obstruction_removal",
        'kind = "obstruction_removal"\n',
        'kind = "obstruction_removal"\ntargets = ["old"]\n',
    ),
    way(
        "no building lies there",
        CHANGE,
        f"green_roof\ntargets = {{ polygon_m = {YARD} }}",
        YARD,
        HOUSE,
    ),
    way(
        "no cell lies there",
        "move it onto the grid",
        "green_roof\ntargets = { polygon_m = [[200, 0], [210, 0], [210, 10]] }",
        "[[200, 0], [210, 0], [210, 10]]",
        HOUSE,
    ),
    way(
        "no open cell lies on the road",
        CHANGE,
        "road_flood_way\ntargets = { line_m = [[72, 34], [78, 34]] }\nwidth_m = 5.0",
        "[[72, 34], [78, 34]]",
        "[[22, 14], [62, 14]]",
    ),
    way(
        "no open cell lies there",
        "move it onto the grid, off buildings",
        "permeable_paving\ntargets = { polygon_m = [[200, 0], [210, 0], [210, 10]] }",
        "[[200, 0], [210, 0], [210, 10]]",
        YARD,
    ),
    way(
        "no place is given",
        ALLOWED,
        "permeable_paving\nshare = 0.3",
        "share = 0.3",
        f"share = 0.3\ntargets = {{ polygon_m = {YARD} }}",
    ),
    way(
        "no ramp or other ground drains into this space",
        CHANGE,
        'ramp_drain\ntargets = ["b"]',
        '["b"]\n[portfolio',
        '["a"]\n[portfolio',
    ),
    way(
        "no such critical site…",
        CHANGE,
        'supply_tie\ntargets = ["station"]\nfrom_site = "s9"',
        '"s9"',
        '"s2"',
    ),
    way(
        "no such culvert or conduit…",
        CHANGE,
        'culvert_enlargement\ntargets = ["odl"]',
        '"odl"',
        '"old"',
    ),
    way(
        "no such discharge boundary…",
        "name one that is there, or add it to [[boundaries]]",
        'reservoir_prerelease\nboundary = "rivr"\nroom_m3 = 200.0\nrelease_m3_s = 1.0',
        '"rivr"',
        '"river"',
    ),
    way(
        "no such gauge…",
        "name one that is there, or add it to [output] gauges",
        'mobile_pumps\nfrom_m = [22, 22]\nto_node = "J1"\norder = { gauge = "kay", depth_m = 0.1 }',
        '"kay"',
        '"quay"',
    ),
    way(
        "no such item among the ……",
        CHANGE,
        'backup_power\ntargets = ["statoin"]',
        '"statoin"',
        '"station"',
    ),
    way(
        "no such layer…",
        "name a layer of the city, or give polygon_m, line_m or vector",
        'permeable_paving\ntargets = { layer = "meadow" }',
        'layer = "meadow"',
        f"polygon_m = {YARD}",
    ),
    way(
        "no such line…",
        "name a line of the city, or give line_m or vector",
        'new_channel\ntargets = ["brook"]\nslope = 0.001',
        '["brook"]',
        "{ line_m = [[22, 14], [62, 14]] }",
    ),
    way(
        "no such link…",
        CHANGE,
        'smart_control\nlinks = ["X"]\ngauge = "quay"',
        '["X"]',
        '["P"]',
    ),
    way(
        "no such node",
        CHANGE,
        'underground_tank\nnode = "Z"\nvolume_m3 = 100.0',
        '"Z"',
        '"J1"',
    ),
    way(
        "no such node…",
        CHANGE,
        'sump_pumps\ntargets = ["a"]\nalways_powered = true\nto_node = "Z"',
        '"Z"',
        '"J1"',
    ),
    way(
        "no such node…",
        ALLOWED,
        'new_pump_station\nfrom_node = "Z"\ncapacity_m3_s = 0.1',
        '"Z"',
        '"J1"',
    ),
    way(
        "no such structure…",
        "name one that is there, or leave the measure out",
        'obstruction_removal\ntargets = ["odl"]',
        '"odl"',
        '"old"',
    ),
    way(
        "no water stands there at the start",
        CHANGE,
        f"lake_drawdown\ntargets = {{ polygon_m = {YARD} }}\ndraw_m = 0.2",
        YARD,
        LAKE,
    ),
    way(
        "none of … … is meant",
        "loosen the rule, or allow_empty = true",
        'entrance_step\ntargets = { where = ["sill_m > 99"] }\nraise_m = 0.1',
        "> 99",
        "> 9",
    ),
    way(
        "not on an open cell",
        "move it onto the grid, off buildings",
        'relocation\ntargets = ["room"]\nlocation_m = [75, 35]',
        "[75, 35]",
        "[62, 42]",
    ),
    way(
        "one line is needed",
        "line_m = [[x, y], [x, y], ...], or a file with one LineString",
        f"levee_raising\ntargets = {{ polygon_m = {YARD} }}\nraise_m = 1.0",
        f"polygon_m = {YARD}",
        "line_m = [[30, 5], [50, 5]]",
    ),
    way(
        "pipe … has … m between invert and ground, needs … + … m cover",
        "choose a relief_sewer, or a smaller min_cover_m",
        'trunk_upsizing\ntargets = ["C1"]\ndiameter_m = 3.5',
        "= 3.5",
        "= 3.5\nmin_cover_m = 0.4",
    ),
    way(
        "say who feeds the pumps",
        ALLOWED,
        'sump_pumps\ntargets = ["a"]',
        'targets = ["a"]',
        'targets = ["a"]\npower = "s1"',
    ),
    way(
        "the basin falls into … areas",
        "one measure for each",
        "surface_detention\ntargets = { polygon_m = [[60, 32], [90, 32], [90, 38], [60, 38]] }",
        '[measure.m]\nkind = "surface_detention"\ntargets = { polygon_m = [[60, 32], [90, 32],'
        ' [90, 38], [60, 38]] }\n[portfolio.one]\nmeasures = ["m"]',
        '[measure.m]\nkind = "surface_detention"\ntargets = { polygon_m = [[60, 32], [70, 32],'
        ' [70, 38], [60, 38]] }\n[measure.m2]\nkind = "surface_detention"\ntargets = { polygon_m ='
        ' [[80, 32], [90, 32], [90, 38], [80, 38]] }\n[portfolio.one]\nmeasures = ["m", "m2"]',
    ),
    way(
        "the equipment stands higher today",
        ALLOWED,
        'raised_plinth\ntargets = ["s1"]\nfailure_depth_m = 0.2',
        "= 0.2",
        "= 0.8",
    ),
    way(
        "the ground is higher all around",
        CHANGE,
        f"flood_wall_gate\ntargets = {{ polygon_m = {YARD} }}\ncrest_m = 9.0",
        "crest_m = 9.0",
        "crest_m = 11.0",
    ),
    way(
        "the ground is higher everywhere",
        ALLOWED,
        "levee_raising\ntargets = { line_m = [[30, 5], [50, 5]] }\ncrest_m = 9.0",
        "crest_m = 9.0",
        "crest_m = 11.0",
    ),
    way(
        "the line leaves the open ground",
        "let it follow the channel's bed",
        "channel_widening\ntargets = { line_m = [[62, 34], [92, 34]] }\nwidth_m = 5.0",
        "[[62, 34], [92, 34]]",
        "[[62, 14], [92, 14]]",
    ),
    way(
        "the network has a row of this name in […]",
        "rename the measure",
        'relief_sewer\nfrom_node = "J1"\nto_node = "well"\ndiameter_m = 0.3',
        "[measure.m]",
        "[measure.new]",
        '["m"]',
        '["new"]',
        network=[("C1 ", "m ")],
    ),
    way(
        "the network is that dense already",
        ALLOWED,
        "new_branch\ntargets = { line_m = [[5, 45], [60, 45]] }\ntarget_density_km_km2 = 5.0",
        "= 5.0",
        "= 30.0",
    ),
    way(
        "the pumps empty this well within a minute",
        ALLOWED,
        'new_pump_station\nfrom_node = "well"\ncapacity_m3_s = 2.0',
        "_s = 2.0",
        "_s = 0.5",
    ),
    way(
        "the pumps would start over the rim",
        ALLOWED,
        'new_pump_station\nfrom_node = "well"\ncapacity_m3_s = 0.1\nstart_m = 8.0',
        "= 8.0",
        "= 2.0",
    ),
    way(
        "the reach is smoother already",
        ALLOWED,
        f"channel_clearance\ntargets = {{ polygon_m = {YARD} }}\nmanning_n = 0.1",
        "= 0.1\n[portfolio",
        "= 0.02\n[portfolio",
    ),
    way(
        "the road would be cut … m deep to fall all the way",
        "choose another way to the outlet",
        "road_flood_way\ntargets = { line_m = [[2, 22], [98, 22]] }\nwidth_m = 5.0",
        "[[2, 22], [98, 22]]",
        "[[98, 22], [2, 22]]",
        text=RISING,
    ),
    way(
        "the scenario has … of this name already",
        "rename the measure",
        "levee_raising\ntargets = { line_m = [[30, 5], [50, 5]] }\nraise_m = 1.0",
        "[measure.m]",
        "[measure.new]",
        '["m"]',
        '["new"]',
        text=TOWN + '[[structures]]\nkind = "wall"\nname = "m"\nline_m = [[30, 45], [50, 45]]\n',
    ),
    way(
        "the sill is higher today",
        ALLOWED,
        'entrance_step\ntargets = ["a"]\nsill_height_m = 0.05',
        "= 0.05",
        "= 0.3",
    ),
    way(
        "the site stands on the ground: say where it goes",
        "add location_m",
        'relocation\ntargets = ["s1"]',
        'targets = ["s1"]',
        'targets = ["s1"]\nlocation_m = [62, 42]',
    ),
    way(
        "the weir at … never works, or always",
        ALLOWED,
        'underground_tank\nnode = "J1"\nvolume_m3 = 100.0\ncrest_m = 20.0',
        "= 20.0",
        "= 8.0",
    ),
    way(
        "there is no network to join",
        CHANGE,
        "new_branch",
        measured("new_branch"),
        "",
        text=GOOD,
    ),
    way(
        "there is nothing to clean in these pipes",
        'choose pipes with sediment: where = ["sediment_m > 0"]',
        'sewer_cleaning\ntargets = { layer = "pipes", where = ["shape == CIRCULAR"] }',
        'where = ["shape == CIRCULAR"]',
        lambda do: do.partition(": ")[2],
    ),
    way(
        "these nodes have no dry-weather flow ([DWF])",
        CHANGE,
        'cross_connection_removal\ntargets = ["J2"]',
        '"J2"',
        '"J1"',
    ),
    way(
        "these nodes have no inlets",
        CHANGE,
        'inlet_cleaning\ntargets = ["far"]\nopen_share = 1.0',
        '"far"',
        '"J1"',
    ),
    way(
        "the inlets are cleaner already",
        "give a larger open_share, or leave the measure out",
        'inlet_cleaning\ntargets = ["J1"]\nopen_share = 0.4',
        "= 0.4",
        "= 0.8",
        text=TOWN.replace('network = "n.inp"', 'network = "n.inp"\nclogging = 0.5'),
    ),
    way(
        "this is no open cell",
        "move it onto the grid, off buildings",
        'mobile_pumps\nfrom_m = [122, 22]\nto_node = "J1"\norder = { rain_mm = 5.0 }',
        "[122, 22]",
        "[22, 22]",
    ),
    way(
        "this is no pump station",
        "raised_plinth serves other sites",
        'raised_control_room\ntargets = ["s1"]\nraise_m = 0.5',
        "raised_control_room",
        lambda do: do.split()[0],
    ),
    way(
        "this is no rule",
        ALLOWED,
        'entrance_step\ntargets = { where = ["sill_m is 5"] }\nraise_m = 0.1',
        "sill_m is 5",
        "sill_m > 5",
    ),
    way(
        "this kind works on …",
        ALLOWED,
        'entrance_step\ntargets = { layer = "nodes", where = ["sill_m > 5"] }\nraise_m = 0.1',
        '"nodes"',
        '"openings"',
    ),
    way(
        "this site needs nothing",
        CHANGE,
        'supply_tie\ntargets = ["s1"]\nfrom_site = "s2"',
        'targets = ["s1"]',
        'targets = ["station"]',
    ),
    way(
        "this site needs nothing that a generator could replace",
        CHANGE,
        'backup_power\ntargets = ["s1"]',
        'targets = ["s1"]',
        'targets = ["station"]',
    ),
    way(
        "this space has no opening to the street",
        "add to_node",
        'sump_pumps\ntargets = ["closed"]\nalways_powered = true',
        "always_powered = true",
        'always_powered = true\nto_node = "J1"',
    ),
    way(
        "too high for pumps on trucks",
        "choose a lower node",
        'mobile_pumps\nfrom_m = [42, 42]\nto_node = "J3"\norder = { rain_mm = 5.0 }',
        'to_node = "J3"',
        'to_node = "J2"',
        network=[("J3 5.9 4.1", "J3 5.9 14.1")],
    ),
    way(
        "the hose would be too long",
        "choose a nearer node or place",
        'mobile_pumps\nfrom_m = [42, 42]\nto_node = "far"\norder = { rain_mm = 5.0 }',
        'to_node = "far"',
        'to_node = "J2"',
        network=[("J3 42 42", "J3 42 42\nfar 3042 42")],
    ),
    way(
        "too little cover",
        ALLOWED,
        'relief_sewer\nfrom_node = "J1"\nto_node = "well"\ndiameter_m = 3.6',
        "= 3.6",
        "= 1.0",
    ),
    way(
        "two nodes of the network are needed",
        CHANGE,
        'relief_sewer\nfrom_node = "J1"\nto_node = "J1"\ndiameter_m = 0.3',
        'to_node = "J1"',
        'to_node = "well"',
    ),
    way(
        "walls may not bear this water",
        ALLOWED,
        'dry_proofing\ntargets = ["s1"]\nheight_m = 1.5',
        "= 1.5",
        "= 0.9",
    ),
    way(
        "water is over the sill of … before it closes",
        "close at a smaller depth, or watch a lower place",
        'closure_rule\ntargets = ["a"]\ngauge = "quay"\nwarn_m = 0.05\nclose_m = 0.3',
        "= 0.3",
        "= 0.08",
    ),
    way(
        "… cover … of a cell",
        "lower the shares, or separate the areas",
        f"permeable_paving\ntargets = {{ polygon_m = {YARD} }}\nshare = 0.7\n---\n"
        f"sunken_green\ntargets = {{ polygon_m = {YARD} }}\nshare = 0.7",
        "share = 0.7",
        "share = 0.5",
    ),
    way(
        "… has no curve (ideal pump): it takes what comes already",
        CHANGE,
        'pump_capacity\ntargets = ["ideal"]\nadd_m3_s = 0.1',
        '"ideal"',
        '"lift"',
    ),
    way(
        "… has … m: smaller than it is",
        ALLOWED,
        'trunk_upsizing\ntargets = ["C1"]\ndiameter_m = 0.3',
        "= 0.3",
        "= 0.8",
    ),
    way(
        "… have no such field…",
        ALLOWED,
        'entrance_step\ntargets = { where = ["sil_m > 5"] }\nraise_m = 0.1',
        "sil_m > 5",
        "sill_m > 5",
    ),
    way(
        "… is no circular pipe",
        "choose pipes; boxes: culvert_enlargement",
        'trunk_upsizing\ntargets = ["box"]\ndiameter_m = 2.0',
        'kind = "trunk_upsizing"\ntargets = ["box"]\ndiameter_m = 2.0',
        lambda do: f'kind = "{do.split()[-1]}"\ntargets = ["box"]\nheight_m = 2.0',
    ),
    way(
        "… lifts straight into outfall …, which takes one link",
        "new_pump_station from the same well",
        'pump_capacity\ntargets = ["P"]\nadd_m3_s = 0.1',
        'kind = "pump_capacity"\ntargets = ["P"]\nadd_m3_s = 0.1',
        lambda do: f'kind = "{do.split()[0]}"\nfrom_node = "well"\ncapacity_m3_s = 0.1',
    ),
    way(
        "… m3 need … h at … m3/s",
        "order it … h before, or draw_m = …",
        f"lake_drawdown\ntargets = {{ polygon_m = {LAKE} }}\ndraw_m = 0.3\nlead_h = 0.5\n"
        "outflow_m3_s = 0.01",
        "draw_m = 0.3",
        lambda do: do.partition(", or ")[2],
    ),
    way(
        "… m3 need … h at … m3/s, the flood passes … m3/s at … h",
        "order it earlier, release more, or make less room",
        'reservoir_prerelease\nboundary = "river"\nroom_m3 = 500.0\nrelease_m3_s = 0.2',
        "release_m3_s = 0.2",
        "release_m3_s = 0.5",
    ),
    way(
        "… nodes have no cell on the ground",
        CHANGE,
        'inlet_addition\ntargets = ["far"]',
        '"far"',
        '"J1"',
    ),
    way(
        "… of the cells are steeper than …",
        "choose flatter ground",
        "permeable_paving\ntargets = { polygon_m = [[72, 5], [98, 5], [98, 20], [72, 20]] }",
        "[[72, 5], [98, 5], [98, 20], [72, 20]]",
        "[[2, 5], [28, 5], [28, 20], [2, 20]]",
        text=HILL,
    ),
    way(
        "… would be smaller than it is",
        ALLOWED,
        'culvert_enlargement\ntargets = ["box"]\nbarrels = 1\nheight_m = 0.5',
        "height_m = 0.5",
        "height_m = 2.0",
    ),
    way(
        "… would have … m left",
        ALLOWED,
        'trunk_rehabilitation\ntargets = ["C4"]\nlining_mm = 50.0',
        "= 50.0",
        "= 15.0",
    ),
    way(
        "… would start later, or stop above its start",
        ALLOWED,
        'smart_control\ntargets = ["P"]\nstart_m = 3.0',
        "= 3.0",
        "= 1.0",
    ),
]


SQUARES = """
[measure.pond]
kind = "pond_restoration"
targets = { polygon_m = [[30, 5], [50, 5], [50, 15], [30, 15]] }
phase = "near"
[measure.other]
kind = "pond_restoration"
targets = { polygon_m = [[60, 5], [90, 5], [90, 45], [60, 45]] }
phase = "near"
[plan.small]
phases = [{ name = "near", in_service = 2025-01-01 }, { name = "far", in_service = 2028-01-01 }]
budget = { near = 100000.0 }
"""
STAGE = '[[boundaries]]\nkind = "stage_series"\nedge = "east"\nlevel_m = 12.45\n'
WAYS += [
    way(
        "measures … and … both change … of … cells",
        "",
        "new_channel\ntargets = { line_m = [[22, 14], [62, 14]] }\nslope = 0.001\n"
        "manning_n = 0.02\n---\nnew_channel\ntargets = { line_m = [[42, 14], [62, 14]] }\n"
        "slope = 0.001\nmanning_n = 0.03",
        "[measure.m2]",
        lambda do: f"[measure.m2]\n{re.search('after = .*?]', do)[0]}",
        code="E510",
    ),
    way(
        "measures … and … both change … …",
        "",
        'culvert_enlargement\ntargets = ["box"]\nbarrels = 1\nheight_m = 2.0\n---\n'
        'culvert_enlargement\ntargets = ["box"]\nbarrels = 1\nheight_m = 3.0',
        "[measure.m2]",
        lambda do: f"[measure.m2]\n{re.search('after = .*?]', do)[0]}",
        code="E510",
    ),
    way(
        "its boxes stand … m out of the ground over them",
        "a lower culvert_height_m, or dig deeper",
        f"new_channel\ntargets = {{ line_m = [[22, 12], [62, 12]] }}\nslope = 0.001\n"
        f"depth_m = 1.0\nunder = [{{ polygon_m = {YARD} }}]",
        "depth_m = 1.0",
        "depth_m = 2.0",
        code="W520",
    ),
    way(
        "rain that falls inside the wall stands there",
        "add drain_m3_s",
        f"flood_wall_gate\ntargets = {{ polygon_m = {YARD} }}\nraise_m = 1.0",
        "raise_m = 1.0",
        "raise_m = 1.0\ndrain_m3_s = 0.1",
        code="W520",
    ),
    way(
        "the dug reach lies … m below the lowest ground around it: a pit",
        "dig on to the reach's outlet",
        "channel_clearance\ntargets = { line_m = [[42, 12], [62, 12]] }\nwidth_m = 5.0\nlower_bed_m = 0.5",
        "[[42, 12], [62, 12]]",
        "[[42, 12], [100, 12]]",
        code="W520",
    ),
    way(
        "… of … pipes have less room between invert and ground than the return period asks: ……",
        "a relief_sewer, or a smaller min_cover_m",
        'trunk_upsizing\ntargets = ["C1", "C4"]\nsize_for_return_period_y = 50.0\n'
        "min_cover_m = 4.0",
        "= 4.0",
        "= 0.7",
        network=[("C1 CIRCULAR 0.5", "C1 CIRCULAR 0.1")],
        code="W520",
    ),
    way(
        "return periods and sizes go by …: this scenario names no rain law",
        '[region] rain_law = "NAME" or { a, c, b, n }',
        'trunk_upsizing\ntargets = ["C1"]\nsize_for_return_period_y = 5.0',
        "[measure.m]",
        '[region]\nrain_law = "zhengzhou-measures"\n[measure.m]',
        text=TOWN.replace('[region]\nrain_law = "zhengzhou-measures"\n', ""),
        code="W543",
    ),
    scene(
        "E530",
        "… M … over its budget",
        "move measures to a later phase",
        GOOD + SQUARES,
        (
            "s.toml",
            '[60, 45]] }\nphase = "near"',
            '[60, 45]] }\nphase = "far"',
        ),
        give=priced,
    ),
    scene(
        "E103",
        "unknown key…",
        "rename or remove the key",
        GOOD + '[region]\npack = "own.toml"\n',
        ("own.toml", "curency", "currency"),
    ),
    scene(
        "W544",
        "times are … h from UTC, clocks of … … h on that day",
        "give start and stop with the offset of the place",
        GOOD + '[region]\npack = "germany"\n',
        ("s.toml", "+08:00", "+02:00"),
    ),
    scene(
        "W545",
        "the stage stands … m over ground that is dry at the start",
        "fill it: [initial] stage, or let the stage rise from the ground",
        GOOD + STAGE,
        ("s.toml", "[rainfall]", "[[initial.stage]]\nlevel_m = 12.45\n[rainfall]"),
    ),
    scene(
        "W545",
        "the stage stands … m over ground that is dry at the start",
        "fill it: [initial] stage, or let the stage rise from the ground",
        GOOD + STAGE,
        ("s.toml", "level_m = 12.45", "level_m = 8.5"),
    ),
]

# A rule that finds nothing in this town, for each kind that takes one; allowed, nothing is built.
EMPTY = [
    ("pipes", "trunk_upsizing", "diameter_m = 1.0"),
    ("pipes", "sewer_cleaning", ""),
    ("pipes", "trunk_rehabilitation", ""),
    ("nodes", "inlet_addition", ""),
    ("nodes", "inlet_cleaning", ""),
    ("nodes", "cross_connection_removal", ""),
    ("nodes", "deep_tunnel", "length_m = 100.0"),
    ("pumps", "pump_capacity", "add_m3_s = 1.0"),
    ("pumps", "smart_control", "start_m = 1.0"),
    ("outfalls", "outfall_flap_gate", ""),
    ("openings", "entrance_step", "raise_m = 0.1"),
    ("openings", "flood_barrier", ""),
    ("openings", "automatic_gate", ""),
    ("openings", "vent_raising", "raise_m = 0.1"),
    ("spaces", "sump_pumps", "always_powered = true"),
    ("spaces", "ramp_drain", ""),
    ("spaces", "closure_rule", 'gauge = "quay"'),
    ("spaces", "flood_warning", "order = { rain_mm = 5.0 }"),
    ("passages", "watertight_door", ""),
    ("critical", "raised_plinth", "raise_m = 0.1"),
    ("critical", "raised_control_room", "raise_m = 0.1"),
    ("critical", "relocation", ""),
    ("critical", "dry_proofing", ""),
    ("critical", "wet_proofing", ""),
    ("critical", "backup_power", ""),
    ("critical", "supply_tie", 'from_site = "s2"'),
    ("critical", "standby_power", 'from_site = "s2"'),
]
WAYS += [
    way(
        "none of … … is meant",
        "loosen the rule, or allow_empty = true",
        f'{kind}\ntargets = {{ layer = "{layer}", where = ["id == nobody"] }}\n{keys}',
        '"id == nobody"]',
        lambda do: f'"id == nobody"], {do.partition(", or ")[2]}',
    )
    for layer, kind, keys in EMPTY
]


@pytest.mark.parametrize("one", WAYS, ids=lambda way: f"{way.code}-{way.says[:40]}")
def test_done_as_it_is_said(one, tmp_path):
    follow(one, tmp_path)
