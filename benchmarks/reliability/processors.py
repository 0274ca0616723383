"""The row loops compiled for processors of fifteen years, never run: does each work in vectors as
wide as its registers?
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Name in LLVM, features, registers. AVX-512 as flood_kernels.arrays sets it.
PROCESSORS = [
    ("generic", "", "xmm"), ("nehalem", "", "xmm"), ("goldmont", "", "xmm"),
    ("sandybridge", "", "avx"), ("bdver2", "", "avx"), ("haswell", "", "ymm"),
    ("skylake", "", "ymm"), ("alderlake", "", "ymm"), ("znver1", "", "ymm"), ("znver2", "", "ymm"),
    ("znver3", "", "ymm"), ("znver4", "-prefer-256-bit", "zmm"),
    ("skylake-avx512", "-prefer-256-bit", "zmm"), ("icelake-server", "-prefer-256-bit", "zmm"),
    ("sapphirerapids", "-prefer-256-bit", "zmm"),
]  # fmt: skip


def campaign(count: int, folder: Path) -> list[dict[str, Any]]:
    """Rows of kind, tried, held, note: one of each of the first `count` processors; tried and held
    are loops (each in both precisions).

    folder : not used.
    """
    for path in (ROOT / "tests", ROOT / "kernels"):
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
    from row_loops import look_at

    found = []
    for cpu, features, width in PROCESSORS[:count]:
        seen = look_at("all", cpu, features, width)
        note = "; ".join(
            f"{name}: {', '.join(wrong)}" for name, wrong in list(seen["faults"].items())[:3]
        )
        found.append(
            {
                "kind": f"processor {cpu} ({width})",
                "tried": seen["seen"],
                "held": seen["seen"] - len(seen["faults"]),
                "note": note,
            }
        )
    return found
