"""[exposure] buildings: the cells of each building on the grid, its use, floors and people."""

from __future__ import annotations

from typing import Any

import numpy as np

from flood_sim.core.errors import Finding
from flood_sim.core.files.map_keys import BuildingFile
from flood_sim.core.grid import Grid
from flood_sim.ground.exposure import USES
from flood_sim.scenario.checks.features import Words, check_features, refuse_words
from flood_sim.scenario.doors.map_source import MapSource
from flood_sim.scenario.doors.vectors import AREA, Features, read_features
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.tables import BuildingFeature

FLOOR_M = 0.15
USE_WORDS = Words("use", "buildings", "uses", tuple(USES), "residential", "commercial")
CROWD_M2 = 5.0  # people a m2: a crowd
COMMERCIAL = ("school", "hospital", "public", "park", "market")
OTHER_WORDS = {
    "home": "residential",
    "house": "residential",
    "industry": "industrial",
    "factory": "industrial",
    "shop": "commercial",
    "office": "commercial",
}


def no_buildings() -> dict[str, np.ndarray]:
    """The table of a model without any."""
    return _empty(0)


def _empty(count: int) -> dict[str, np.ndarray]:
    return {
        "use": np.zeros(count, np.int64),
        "floors": np.ones(count),
        "ground_floor_m": np.full(count, FLOOR_M),
        "area_m2": np.zeros(count),
        "people": np.full(count, np.nan),
        "cell": np.full(count, -1, np.int64),
    }


def read_buildings(
    scenario: Scenario, grid: Grid, key: str | BuildingFile, findings: list[Finding]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Number of the building in each cell (rows, columns), 0 none, and the table of the buildings,
    each column (buildings,). Raises InputError where the layer is wrong.
    """
    source = scenario.map(key, "[exposure] buildings")
    features = _once(
        source, read_features(source, grid, (AREA,), ("use", "floors", "ground_floor_m", "people"))
    )
    check_features(BuildingFeature, source.name, features, findings)
    table = _table(source, features)
    _check_crowds(source.name, features, table, findings)
    building = _rasterized(features.shapes, grid)
    table["cell"] = _middle_cells(source, features, grid, building)
    _give_cells(building, features.shapes, grid, table["cell"])
    return building, table


def _once(source: MapSource, features: Features) -> Features:
    """Without features that repeat another, shape and fields alike: they would count twice."""
    import shapely

    seen: set[Any] = set()
    kept = []
    wkb = shapely.to_wkb(shapely.normalize(np.array(features.shapes, object)))
    for k, shape in enumerate(wkb):
        key = (shape, *(repr(column[k]) for column in features.columns.values()))
        if key not in seen:
            seen.add(key)
            kept.append(k)
    if len(kept) == len(features):
        return features
    again = next(k for k in range(len(features)) if k not in set(kept))
    source.doubt(
        "W247",
        f"{len(features) - len(kept)} of {len(features)} buildings repeat another one, shape and"
        " fields: each is taken once",
        given=f"feature {features.number[again]}",
        do="remove what is double",
    )
    return Features(
        [features.shapes[k] for k in kept],
        {name: column[kept] for name, column in features.columns.items()},
        features.number[kept],
    )


def _table(source: MapSource, features: Features) -> dict[str, np.ndarray]:
    table = _empty(len(features))
    for key in ("floors", "ground_floor_m", "people"):
        if key in features.columns:
            usual = 0.0 if key == "people" else float(table[key][0])
            table[key] = _or_usual(source, key, np.asarray(features.columns[key], float), usual)
    if "use" in features.columns:
        table["use"] = _uses(source, features)
    table["area_m2"] = np.array([float(s.area) for s in features.shapes])
    return table


def _or_usual(source: MapSource, key: str, values: np.ndarray, usual: float) -> np.ndarray:
    """Values (n,) of a column, and what is taken where a feature gives none. A column without any
    number of people says nothing of people.
    """
    empty = np.isnan(values)
    if key == "people" and empty.all():
        return values
    if empty.any():
        text = f"{int(empty.sum())} of {len(values)} buildings give no {key}: {usual:g} is taken"
        source.doubt("W540", text, given=f"`{key}`", do="fill in the column")
    return np.where(empty, usual, values)


def _rasterized(shapes: list[Any], grid: Grid) -> np.ndarray:
    """Number from 1 on of the building that holds each cell's centre (rows, columns)."""
    from rasterio.features import rasterize

    building: np.ndarray = rasterize(
        [(s, k) for k, s in enumerate(shapes, start=1)],
        out_shape=grid.shape,
        transform=grid.transform,
        dtype="int32",
    )
    return building


def _middle_cells(
    source: MapSource, features: Features, grid: Grid, building: np.ndarray
) -> np.ndarray:
    """(buildings,) flat index of the cell of each middle, -1 outside the grid; those that hold no
    cell's centre are counted (W541), those outside too (W542).
    """
    middles = [s.representative_point() for s in features.shapes]
    row, column = grid.cell_at([p.x for p in middles], [p.y for p in middles])
    cell = np.where(grid.contains(row, column), row * grid.columns + column, -1)
    held = np.bincount(building.ravel(), minlength=len(middles) + 1)[1:] > 0
    for code, which, text, do in (
        (
            "W541",
            ~held & (cell >= 0),
            "are smaller than a cell, or behind others: the water beside them is that of the cells"
            " around their middle",
            "a smaller cell shows them",
        ),
        (
            "W542",
            ~held & (cell < 0),
            "lie outside the terrain: no water reaches them",
            "a larger terrain",
        ),
    ):
        if which.any():
            at = tuple((middles[k].x, middles[k].y) for k in np.flatnonzero(which)[:1000])
            text = f"{int(which.sum())} of {len(middles)} buildings {text}"
            source.doubt(code, text, do=do, at=at)
    return np.asarray(cell, np.int64)


def _give_cells(building: np.ndarray, shapes: list[Any], grid: Grid, cell: np.ndarray) -> None:
    """A building without a cell takes the nearest one that no other has, among those around its
    middle; where all are taken it has none.
    """
    for k in np.setdiff1d(np.flatnonzero(cell >= 0) + 1, building).tolist():
        point = shapes[k - 1].representative_point()
        row, column = divmod(int(cell[k - 1]), grid.columns)
        r = np.arange(max(row - 1, 0), min(row + 2, grid.rows))
        c = np.arange(max(column - 1, 0), min(column + 2, grid.columns))
        away = np.hypot(*np.meshgrid(grid.x_m[c] - point.x, grid.y_m[r] - point.y))
        away[building[np.ix_(r, c)] > 0] = np.inf
        if np.isfinite(away).any():
            i, j = np.unravel_index(int(np.argmin(away)), away.shape)
            building[r[i], c[j]] = k


def _check_crowds(
    name: str, features: Features, table: dict[str, np.ndarray], findings: list[Finding]
) -> None:
    """People against the floors that they have."""
    room = table["area_m2"] * table["floors"]
    odd = (table["people"] > 10.0) & (table["people"] > CROWD_M2 * room)
    if odd.any():
        k = int(np.flatnonzero(odd)[0])
        text = f"{int(odd.sum())} buildings hold more than {CROWD_M2:g} people a m2 of floor"
        given = f"{table['people'][k]:g} people on {room[k]:.0f} m2"
        findings.append(
            Finding(
                "W220",
                f"{name}, feature {features.number[k]}, `people`",
                text,
                given=given,
                do="give the people of each building alone",
            )
        )


def _uses(source: MapSource, features: Features) -> np.ndarray:
    """Index into USES of each building; an empty cell, and what is neither home nor works, is
    commercial. Raises InputError with all words that are not known.
    """
    said = ["" if u is None or u != u else str(u).strip() for u in features.columns["use"]]
    known = {word: _use(source, word) for word in dict.fromkeys(said)}
    strange = [word for word, use in known.items() if use is None]
    refuse_words(source, features, said, strange, USE_WORDS)
    return np.array([known[word] for word in said], np.int64)


def _use(source: MapSource, word: str) -> int | None:
    """Our use of a word; "home" and "industry" are understood."""
    ours = source.words.get(word) or OTHER_WORDS.get(word, word)
    if ours in USES:
        return USES.index(ours)
    if source.other is not None:
        return USES.index(source.other)
    return USES.index("commercial") if ours in (*COMMERCIAL, "") else None
