"""A storm formula against what rain can do: its two-hour depth, told and held to a range."""

from __future__ import annotations

from flood_sim.core.errors import Finding, input_error
from flood_sim.ground.rainfall import FORMULAS, StormFormula

MINUTES = 120.0
# of two hours, mm: below, no storm law anywhere; above, the record of the world (425 x 2^0.47)
LEAST_MM, MOST_MM = 1.0, 589.0
USUAL_MM = (10.0, 250.0)
PER_MM_MIN = 167.0  # L/(s ha) of 1 mm/min


def law_line(law: StormFormula, years: float) -> str:
    """Equation and two-hour depth, for the reader."""
    p0 = f" + {law.p0:g}" if law.p0 else ""
    return (
        f"q = {law.a:g} (1 + {law.c:g} lg(P{p0})) / (t + {law.b:g})^{law.n:g} L/(s ha);"
        f" 2 h of {years:g} years: {law.depth_mm(MINUTES, years):.1f} mm ({law.source})"
    )


def law_of(formula: str | StormFormula) -> StormFormula:
    return formula if isinstance(formula, StormFormula) else FORMULAS[formula]


def check_law(place: str, law: StormFormula, years: float, findings: list[Finding]) -> None:
    """Raises InputError where two hours of rain are none, or above the world's record; an unusual
    depth is told (W324).
    """
    depth = law.depth_mm(MINUTES, years)
    given = law_line(law, years)
    do = (
        f"a is in L/(s ha), t in minutes, lg to base 10; of a law in mm/min, a times {PER_MM_MIN:g}"
    )
    allowed = f"{LEAST_MM:g} to {MOST_MM:g} mm in 2 h"
    if not LEAST_MM <= depth <= MOST_MM:
        refused = f"this law gives {depth:.3g} mm in 2 h"
        raise input_error("E326", place, refused, given=given, allowed=allowed, do=do)
    if not USUAL_MM[0] <= depth <= USUAL_MM[1]:
        odd = f"this law gives {depth:.3g} mm in 2 h: possible, but odd"
        usual = f"usually {USUAL_MM[0]:g} to {USUAL_MM[1]:g} mm"
        findings.append(Finding("W324", place, odd, given=given, allowed=usual, do=do))
