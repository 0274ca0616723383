"""Two results beside each other."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.analysis.outcomes.outcome import written
from flood_sim.core.errors import input_error
from flood_sim.core.files.writing import reading
from flood_sim.results import Results

if TYPE_CHECKING:
    import pandas

GAUGES_SHOWN = 12
LEDGER_LINES = (
    "rain", "inflow", "boundary_in", "boundary_out", "infiltration", "evaporation",
    "surface_stored_start", "surface_stored_end", "layers_stored_end", "network_stored_end",
    "network_inflow", "outfall_out", "sewer_evaporation", "sewer_seepage", "spill_lost",
    "outfall_half_volumes", "network_residual", "error",
)  # fmt: skip
LEAST_SHOWN_M = 0.02  # of a difference on the map
SCALES_M = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)  # ends of its colours


@dataclass(frozen=True)
class Comparison:
    """Result `after` against `before`, on one grid. Differences are after less before."""

    before: Results
    after: Results

    def __post_init__(self) -> None:
        a, b = (r.fields["bed_elevation"].shape for r in (self.before, self.after))
        if (
            a != b
            or not np.allclose(self.before.fields["x"], self.after.fields["x"])
            or not np.allclose(self.before.fields["y"], self.after.fields["y"])
        ):
            raise input_error(
                "E104",
                str(self.after.folder),
                "the two results lie on different grids",
                given=f"{a} and {b} cells",
                do="compare runs of one scenario",
            )

    @cached_property
    def depth_difference(self) -> np.ndarray:
        """(rows, columns) m: maximum depth after less before, both over the ground as it was
        before: a dug channel is no deeper flood.
        """
        ground = [r.fields["bed_elevation"].values for r in (self.before, self.after)]
        dug = np.nan_to_num(ground[0] - ground[1])
        over_old_ground = np.maximum(np.nan_to_num(self.after.max_depth.values) - dug, 0.0)
        return over_old_ground - np.nan_to_num(self.before.max_depth.values)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Outcomes, gauges and ledger lines: group, name, unit, before, after, difference."""
        a, b = self.before.summary, self.after.summary
        found = [*_flood_rows(a, b), *self._outcome_rows(), *_network_rows(a, b)]
        for name in dict.fromkeys([*a["gauges"], *b["gauges"]]):
            depths = (s["gauges"].get(name, {}).get("max_depth_m") for s in (a, b))
            found.append(_row("gauge", name, "m", *depths))
        for line in LEDGER_LINES:
            found.append(_row("ledger", line, "m3", a["ledger"].get(line), b["ledger"].get(line)))
        cost = [
            sum(m["capital"]["middle"] for m in _measures(r)) / 1e6
            for r in (self.before, self.after)
        ]
        money = next((m["currency"] for r in (self.after, self.before) for m in _measures(r)), "")
        return [*found, _row("cost", "capital, middle", f"M {money}".strip(), *cost)]

    def _outcome_rows(self) -> list[dict[str, Any]]:
        """Outcomes and lead times that both results have."""
        both = (self.before, self.after)
        outcomes = [written(r) for r in both]
        leaving = [written(r, "evacuation") for r in both]
        found = [
            _row("outcome", n, o["unit"], *(table[n]["value"] for table in outcomes))
            | _reason(*(table[n] for table in outcomes))
            for n, o in outcomes[0].items()
            if n in outcomes[1] and not n.startswith("flooded_area_hours")
        ]
        # The difference is the lead time gained; None: no exit is lost in the run.
        for name in (n for n in leaving[0] if n in leaving[1]):
            minutes = (table[name]["exit_lost_min"] for table in leaving)
            found.append(_row("lead time", f"{name}: first exit lost", "min", *minutes))
        return found

    def to_dataframe(self) -> pandas.DataFrame:
        """The rows as a pandas table."""
        import pandas

        return pandas.DataFrame(self.rows).set_index(["group", "name"])

    @cached_property
    def changed_inputs(self) -> list[str]:
        """Keys of the effective scenarios that differ, and the measures that one has and the other
        has not.
        """
        flat = []
        for path in (r.folder / "scenario.toml" for r in (self.before, self.after)):
            with reading(path):
                flat.append(_flattened(tomllib.loads(path.read_text(encoding="utf-8"))))
        lines = [
            f"{key}: {flat[0].get(key)} -> {flat[1].get(key)}"
            for key in sorted(flat[0].keys() | flat[1].keys())
            if flat[0].get(key) != flat[1].get(key)
        ]
        names = [{m["name"]: m for m in _measures(r)} for r in (self.before, self.after)]
        lines += [
            f"built before only: {n} ({m['kind']})"
            for n, m in names[0].items()
            if n not in names[1]
        ]
        lines += [
            f"built after only: {n} ({m['kind']})" for n, m in names[1].items() if n not in names[0]
        ]
        return lines

    def lines(self) -> list[str]:
        """The comparison as text."""
        a, b = self.before, self.after
        gauges = [r for r in self.rows if r["group"] == "gauge"]
        shown = sorted(gauges, key=lambda r: -abs(r["difference"] or 0.0))[:GAUGES_SHOWN]
        text = [f"{a.folder} ({a.summary['portfolio']}) -> {b.folder} ({b.summary['portfolio']})"]
        for r in [r for r in self.rows if r["group"] != "gauge" or r in shown]:
            numbers = _number(r["before"]) + _number(r["after"]) + _number(r["difference"], "+")
            why = f"  ({r['why']})" if "why" in r else ""
            text.append(f"  {r['group']:<8} {r['name']:<28}{numbers} {r['unit']}{why}")
        if len(gauges) > len(shown):
            text.append(
                f"  the {len(shown)} of {len(gauges)} gauges that changed most; --json lists all"
            )
        d = self.depth_difference
        area = (self.before.fields["x"].values[1] - self.before.fields["x"].values[0]) ** 2 / 1e4
        text.append(
            f"  maximum depth: lower by more than 5 cm on {(d < -0.05).sum() * area:.1f} ha, higher"
            f" on {(d > 0.05).sum() * area:.1f} ha; {d.min():+.2f} to {d.max():+.2f} m"
        )
        return text + [f"  changed: {line}" for line in self.changed_inputs]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        """The rows as a table."""
        return str(self.to_dataframe().to_html(float_format="{:.4g}".format, na_rep=""))

    def picture(self) -> Any:
        """Map of the difference of maximum depths: blue lower, red higher; its colours end where
        one cell in a hundred differs more.
        """
        from matplotlib.colors import TwoSlopeNorm

        from flood_sim.analysis.pictures.plots import draw_ground
        from flood_sim.analysis.pictures.style import pyplot

        plt = pyplot()
        figure, axes = plt.subplots(figsize=(8.4, 7.2), layout="constrained")
        extent = draw_ground(self.after, axes)
        shown = np.where(
            np.abs(self.depth_difference) > LEAST_SHOWN_M, self.depth_difference, np.nan
        )
        seen = np.abs(shown[np.isfinite(shown)])
        widest = next(
            (w for w in SCALES_M if not seen.size or w >= np.quantile(seen, 0.99)), SCALES_M[-1]
        )
        image = axes.imshow(
            shown, cmap="RdBu_r", norm=TwoSlopeNorm(0.0, -widest, widest), extent=extent
        )
        figure.colorbar(image, ax=axes, label="after less before 后减前 (m)", extend="both")
        names = [run.summary["portfolio"] for run in (self.before, self.after)]
        axes.set_title(f"Change of the maximum depth 最大水深变化: {names[0]} → {names[1]}")
        return figure


def compare(before: Results, after: Results) -> Comparison:
    """Two results of one grid. Raises InputError where one is unfinished or the grids differ.

    >>> from flood_sim import compare, open_results
    >>> both = compare(open_results("baseline"), open_results("both"))
    >>> table = both.to_dataframe()
    >>> float(table.loc[("ledger", "rain"), "difference"])  # m3: the storm is the same
    0.0
    >>> bool(table.loc[("flood", "deepest"), "difference"] < 0.0)  # m
    True
    """
    for results in (before, after):
        if results.status == "unfinished":
            raise input_error(
                "E101",
                str(results.folder),
                "this run is not finished",
                do=f"flood-sim run --resume {results.folder}",
            )
    return Comparison(before, after)


def _row(
    group: str, name: str, unit: str, before: float | None, after: float | None
) -> dict[str, Any]:
    difference = None if before is None or after is None else after - before
    return {
        "group": group,
        "name": name,
        "unit": unit,
        "before": before,
        "after": after,
        "difference": difference,
    }


def _reason(*outcomes: dict[str, Any]) -> dict[str, str]:
    """Why one of two outcomes has no value."""
    notes = [str(o["note"]) for o in outcomes if o["value"] is None]
    return {"why": notes[0]} if notes else {}


def _flood_rows(a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, Any]]:
    """Areas and depth of two summaries."""
    flood = [s["flood"] for s in (a, b)]
    found = [
        _row(
            "flood",
            f"area above {limit} m",
            "ha",
            *(f["flooded_area_m2"][limit] / 1e4 for f in flood),
        )
        for limit in a["flood"]["flooded_area_m2"]
    ]
    hours = (f["area_hours_m2_h"]["0.15"] / 1e4 for f in flood)
    found.append(_row("flood", "area-hours above 0.15 m", "ha h", *hours))
    return [*found, _row("flood", "deepest", "m", *(f["max_depth_m"] for f in flood))]


def _network_rows(a: dict[str, Any], b: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        _row("network", key, unit, a["network"][key], b["network"][key])
        for key, unit in (
            ("flooded_nodes", "1"),
            ("flooded_volume_m3", "m3"),
            ("surcharge_hours", "h"),
        )
        if key in a["network"] and key in b["network"]
    ]


def _measures(results: Results) -> list[dict[str, Any]]:
    path = results.folder / "measures.json"
    with reading(path):
        return (
            [
                {"name": str(m["name"]), "kind": str(m["kind"]), **m}
                for m in json.loads(path.read_text(encoding="utf-8"))
            ]
            if path.is_file()
            else []
        )


def _flattened(data: Any, key: str = "") -> dict[str, Any]:
    if isinstance(data, dict):
        return {
            k: v
            for name, value in data.items()
            for k, v in _flattened(value, f"{key}.{name}" if key else name).items()
        }
    return {key: data}


def _number(value: float | None, sign: str = "") -> str:
    return (
        f"{'-':>14}"
        if value is None
        else f"{value:>{sign}14.4g}"
        if abs(value) < 1e4
        else f"{value:>{sign}14.0f}"
    )
