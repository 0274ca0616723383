"""flood_sim behind the Basic Model Interface (BMI 2.0, Hutton et al. 2020, doi
10.21105/joss.02317), for coupling with other models.

`interface.py` is what a program calls, `process.py` holds the child process of an instance,
`model.py` is what runs in it.
"""

from flood_sim.bmi.interface import BmiFloodSim
from flood_sim.bmi.variables import (
    BED,
    BOUNDARY_IN,
    BOUNDARY_OUT,
    CELLS,
    DEPTH,
    EAST,
    EDGES,
    HEAD,
    INFLOW,
    INFLOW_VOLUME,
    INFLOWS,
    INPUTS,
    LEDGER_ERROR,
    NODES,
    NORTH,
    OUTFALL_VOLUME,
    OUTFALLS,
    OUTPUTS,
    STAGE,
    TOTALS,
    VOLUME,
    Variable,
)

__all__ = [
    "BED", "BOUNDARY_IN", "BOUNDARY_OUT", "CELLS", "DEPTH", "EAST", "EDGES", "HEAD", "INFLOW",
    "INFLOWS", "INFLOW_VOLUME", "INPUTS", "LEDGER_ERROR", "NODES", "NORTH", "OUTFALLS",
    "OUTFALL_VOLUME", "OUTPUTS", "STAGE", "TOTALS", "VOLUME", "BmiFloodSim", "Variable",
]  # fmt: skip
