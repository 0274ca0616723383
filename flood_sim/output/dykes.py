"""The crest between a river and the land: what the ground and the walls of a run's inputs hold
back, bank cell by bank cell.
"""

from __future__ import annotations

import numpy as np

from flood_sim.simulation.inputs import ModelInputs


def dyke_crests(inputs: ModelInputs) -> np.ndarray:
    """(n, 2): flat index of a river cell beside a dyke, and the crest (m) on the straight way from
    there over the dyke to the land behind it: the highest ground, or wall, dyke or raised levee on
    the faces passed. Empty where the scenario knows no rivers and dykes (layers).
    """
    river, dyke = inputs.layers.get("rivers"), inputs.layers.get("dykes")
    if river is None or dyke is None or not (river.any() and dyke.any()):
        return np.zeros((0, 2))
    bed, (rows, columns) = inputs.terrain.bed_elevation, river.shape
    walls: dict[tuple[bool, int, int], float] = {}
    for structure in inputs.structures:
        if structure.kind in ("wall", "dyke"):
            for is_x, (r, c), crest in zip(
                structure.is_x.tolist(),
                structure.cells.tolist(),
                structure.crest_m.tolist(),
                strict=True,
            ):
                walls[is_x, r, c] = max(crest, walls.get((is_x, r, c), -np.inf))
    found = []
    for down, right in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        beside = np.zeros(river.shape, bool)
        inner = (
            slice(max(0, -down), rows - max(0, down)),
            slice(max(0, -right), columns - max(0, right)),
        )
        outer = (
            slice(max(0, down), rows + min(0, down)),
            slice(max(0, right), columns + min(0, right)),
        )
        beside[inner] = river[inner] & dyke[outer]
        for row, column in np.argwhere(beside).tolist():
            crest, r, c = -np.inf, row, column
            while True:
                r, c = r + down, c + right
                if not (0 <= r < rows and 0 <= c < columns):
                    break  # the dyke runs to the map's edge
                face = (right != 0, max(r, r - down), max(c, c - right))
                crest = max(crest, walls.get(face, -np.inf))
                if not dyke[r, c]:
                    break
                crest = max(crest, float(bed[r, c]))
            if np.isfinite(crest):
                found.append((row * columns + column, crest))
    return np.array(found) if found else np.zeros((0, 2))
