"""The numbers of a surface scheme. They stand apart from the kernels: the schema of [surface] takes
its defaults from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class SurfaceSettings:
    """Numbers of the scheme; see docs/theory.md. courant_coupled applies where a sewer inlet stands
    in the cell; courant None: the scheme's own.
    """

    precision: Literal["float32", "float64"] = "float32"
    theta: float = 0.9
    courant: float | None = None
    courant_coupled: float = 0.5
    froude_max: float = 1.0
    dry_depth_m: float = 1.0e-4
    largest_step_s: float = 10.0
    smallest_step_s: float = 1.0e-3
    threads: int = 1
    threads_by_size: bool = (
        False  # fewer threads than asked where the grid is too small to feed them
    )
    scheme: str = "local_inertial"
    limiter: float = 1.3
    # local inertial: shallow ground may step that much longer than deep water; 0: one step for all
    largest_step_ratio: float = 8.0
    # leave out ground that no water can reach in the next steps; the answer is the same bit for bit
    skip_dry: bool = True
