"""Units and their conversion: everything inside is SI, a user's key ends in its unit."""

SECONDS_PER_MINUTE = 60.0
SECONDS_PER_HOUR = 3600.0
SECONDS_PER_DAY = 86400.0
INCH_M = 0.0254
FOOT_M = 0.3048
CUBIC_FOOT_M3 = FOOT_M**3
SQUARE_METRES_A_HECTARE = 1e4
MEBIBYTE = 2**20
GIBIBYTE = 2**30

# m3/s per unit of SWMM's FLOW_UNITS; the first three use feet for lengths, the others metres.
SWMM_FLOW_UNITS = {
    "CFS": CUBIC_FOOT_M3,
    "GPM": 231.0 * INCH_M**3 / SECONDS_PER_MINUTE,
    "MGD": 231.0e6 * INCH_M**3 / SECONDS_PER_DAY,
    "CMS": 1.0,
    "LPS": 1.0e-3,
    "MLD": 1.0e3 / SECONDS_PER_DAY,
}
SWMM_US_UNITS = frozenset({"CFS", "GPM", "MGD"})


def mm_to_m(value: float) -> float:
    """Millimetres to metres."""
    return value / 1000.0


def mm_h_to_m_s(value: float) -> float:
    """Millimetres an hour to metres a second."""
    return value / 1000.0 / SECONDS_PER_HOUR


def minutes_to_s(value: float) -> float:
    """Minutes to seconds."""
    return value * SECONDS_PER_MINUTE


def hours_to_s(value: float) -> float:
    """Hours to seconds."""
    return value * SECONDS_PER_HOUR
