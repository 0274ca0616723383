"""What measures read and change, by name: an enum whose members are the words of plans, messages
and measures.json.
"""

from __future__ import annotations

from enum import StrEnum

NETWORK = "inp."  # in front of a section of the .inp


class Resource(StrEnum):
    """A part of the inputs. What begins with INP_ is a section of the network's .inp."""

    BED_ELEVATION = "bed_elevation"
    MANNING_N = "manning_n"
    INITIAL_DEPTH = "initial_depth"
    BUILDINGS = "buildings"
    LAYERS = "layers"
    LINES = "lines"
    GAUGES = "gauges"
    RAINFALL = "rainfall"
    BOUNDARIES = "boundaries"
    FACILITIES = "facilities"
    STRUCTURES = "structures"
    CULVERTS = "culverts"
    PUMPS = "pumps"
    INLETS = "inlets"
    RETURN_CELLS = "return_cells"
    OPERATIONS = "operations"
    ACTIONS = "actions"
    TRUCKS = "trucks"
    MOBILE_PUMPS = "mobile_pumps"
    SITES = "sites"
    OPENINGS = "openings"
    PASSAGES = "passages"
    SPACES = "spaces"
    CRITICAL = "critical"
    INP = "inp"
    INP_JUNCTIONS = "inp.JUNCTIONS"
    INP_OUTFALLS = "inp.OUTFALLS"
    INP_DIVIDERS = "inp.DIVIDERS"
    INP_STORAGE = "inp.STORAGE"
    INP_CONDUITS = "inp.CONDUITS"
    INP_PUMPS = "inp.PUMPS"
    INP_ORIFICES = "inp.ORIFICES"
    INP_WEIRS = "inp.WEIRS"
    INP_OUTLETS = "inp.OUTLETS"
    INP_XSECTIONS = "inp.XSECTIONS"
    INP_LOSSES = "inp.LOSSES"
    INP_CONTROLS = "inp.CONTROLS"
    INP_INFLOWS = "inp.INFLOWS"
    INP_DWF = "inp.DWF"
    INP_CURVES = "inp.CURVES"
    INP_TIMESERIES = "inp.TIMESERIES"
    INP_PATTERNS = "inp.PATTERNS"
    INP_COORDINATES = "inp.COORDINATES"
    INP_VERTICES = "inp.VERTICES"
    INP_TAGS = "inp.TAGS"

    @classmethod
    def of_section(cls, section: str) -> Resource:
        """A section of the .inp. Raises ValueError where measures cannot change it."""
        return cls(NETWORK + section)

    @property
    def section(self) -> str:
        """The section of the .inp; "" where it is no part of it."""
        return self.value.removeprefix(NETWORK) if self.value.startswith(NETWORK) else ""

    @property
    def of_sites(self) -> bool:
        """Whether it is a part of the underground or a critical site."""
        return self in (self.OPENINGS, self.PASSAGES, self.SPACES, self.CRITICAL)
