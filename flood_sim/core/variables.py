"""The one table of variables: unit, place, CF name and labels. Output, checks, documentation and
plots read it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """unit : SI, as udunits writes it;  place : cell | x_face | y_face | node | link | site | run;
    cf_name : "" where CF has none.
    """

    unit: str
    place: str
    english: str
    chinese: str
    cf_name: str = ""


VARIABLES: dict[str, Variable] = {
    "depth": Variable("m", "cell", "water depth", "水深", "flood_water_thickness"),
    "bed_elevation": Variable("m", "cell", "ground elevation", "地面高程", "ground_level_altitude"),
    "dug_depth": Variable("m", "cell", "how far measures have lowered the ground", "措施挖深"),
    "velocity_x": Variable("m s-1", "cell", "flow velocity towards east", "东向流速"),
    "velocity_y": Variable("m s-1", "cell", "flow velocity towards north", "北向流速"),
    "max_depth": Variable("m", "cell", "maximum water depth", "最大水深", "flood_water_thickness"),
    "max_velocity": Variable("m s-1", "cell", "maximum flow speed", "最大流速"),
    "max_depth_velocity": Variable(
        "m2 s-1", "cell", "maximum of depth times speed at one instant", "最大水深流速积"
    ),
    "max_hazard": Variable("1", "cell", "maximum hazard class, AIDR H1-H6, 0 dry", "最大危险等级"),
    "arrival_time": Variable(
        "s", "cell", "time since the start when depth first exceeds 0.05 m", "到达时间"
    ),
    "duration_0p15": Variable("s", "cell", "time with depth above 0.15 m", "积水历时"),
    "manning_n": Variable("s m-1/3", "cell", "Manning roughness", "曼宁糙率"),
    "unit_discharge_x": Variable("m2 s-1", "x_face", "unit discharge along x", "x向单宽流量"),
    "unit_discharge_y": Variable("m2 s-1", "y_face", "unit discharge along y", "y向单宽流量"),
    "head": Variable("m", "node", "hydraulic head", "水头"),
    "node_depth": Variable("m", "node", "water depth in the node", "节点水深"),
    "exchange_flow": Variable(
        "m3 s-1",
        "node",
        "flow from sewer to street (negative: into the sewer)",
        "街道-管网交换流量",
    ),
    "discharge": Variable("m3 s-1", "link", "pipe discharge", "管道流量"),
    "stage": Variable(
        "m", "cell", "water surface elevation", "水位", "water_surface_height_above_reference_datum"
    ),
    "rain": Variable("mm h-1", "run", "rain intensity", "雨强"),
}
