"""Units of rain as files write them: a depth, or a rate; by the dimensions of their parts, not by a
list of spellings.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from flood_sim.core.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

# of a part: factor to SI, powers of metre and second; a kilogram of water is 0.001 m3
PARTS = {
    ("m", "meter", "meters", "metre", "metres"): (1.0, 1, 0),
    ("mm", "millimeter", "millimeters", "millimetre", "millimetres"): (1e-3, 1, 0),
    ("cm", "centimeter", "centimeters", "centimetre", "centimetres"): (1e-2, 1, 0),
    ("in", "inch", "inches"): (0.0254, 1, 0),
    ("ft", "foot", "feet"): (0.3048, 1, 0),
    ("kg",): (1e-3, 3, 0),
    ("g",): (1e-6, 3, 0),
    ("l", "liter", "liters", "litre", "litres"): (1e-3, 3, 0),
    ("s", "sec", "second", "seconds"): (1.0, 0, 1),
    ("min", "minute", "minutes"): (SECONDS_PER_MINUTE, 0, 1),
    ("h", "hr", "hrs", "hour", "hours"): (SECONDS_PER_HOUR, 0, 1),
    ("d", "day", "days"): (SECONDS_PER_DAY, 0, 1),
}
UNITS = {name: part for names, part in PARTS.items() for name in names}
NUMBER = r"(?P<number>\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)(?:\^(?P<ten>[+-]?\d+))?"
PART = re.compile(rf"\s*(?:{NUMBER}|(?P<unit>[a-z]+)\^?(?P<power>[+-]?\d+)?)\s*")
OF_WATER = re.compile(r"\(?\b(of )?(liquid )?water( equivalent)?\b\)?|\bw\.?e\.?\b")


class RainUnit(NamedTuple):
    """kind : "depth" or "rate";  factor : from the file's numbers to mm, or to mm/h."""

    kind: str
    factor: float


def rain_unit(text: str) -> RainUnit | None:
    """A unit as a NetCDF attribute has it: `mm`, `kg m-2 s-1`, `m of water equivalent`, `mm/3h`,
    `0.1 mm`. None where it is no unit of rain.
    """
    words = OF_WATER.sub(" ", text.lower()).replace("**", "^").replace("·", " ").replace("*", " ")
    words = re.sub(r"\bper\b", "/", words)
    above, *below = words.replace("(", " ").replace(")", " ").split("/")
    factor, metres, seconds = 1.0, 0, 0
    for sign, side in [(1, above), *((-1, part) for part in below)]:
        for found in _parts(side):
            if found is None:
                return None
            size, m, s = found
            factor *= size**sign
            metres, seconds = metres + sign * m, seconds + sign * s
    if metres != 1 or seconds not in (0, -1):
        return None
    if seconds == 0:
        return RainUnit("depth", float(f"{1000.0 * factor:.12g}"))
    return RainUnit("rate", float(f"{1000.0 * factor * SECONDS_PER_HOUR:.12g}"))


def _parts(side: str) -> list[tuple[float, int, int] | None]:
    """Factor and powers of each part of a product; None stands for one that is not known."""
    found: list[tuple[float, int, int] | None] = []
    at, side = 0, side.strip()
    while at < len(side):
        match = PART.match(side, at)
        if match is None or match.end() == at:
            return [None]
        at = match.end()
        if match["number"] and found:
            return [None]  # `mm 10min-1`: whose number is it?
        if match["number"]:
            found.append((float(match["number"]) ** int(match["ten"] or 1), 0, 0))
            continue
        size, m, s = UNITS.get(match["unit"], (0.0, 0, 0))
        power = int(match["power"] or 1)
        found.append((size**power, m * power, s * power) if size else None)
    return found or [None]
