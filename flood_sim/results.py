"""Reading a result folder: fields as xarray, series, ledger, summary. Knows no model; works on unfinished runs too."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.errors import input_error
from flood_sim.netcdf import check_netcdf
from flood_sim.plain_folder import check_folder

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Results:
    """A result folder (DESIGN 10)."""

    folder: Path

    @cached_property
    def summary(self) -> dict[str, Any]:
        """summary.json; {"status": "unfinished"} where the run has not written it (killed, or still going)."""
        path = self.folder / "summary.json"
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {"status": "unfinished"}

    @property
    def status(self) -> str:
        return str(self.summary["status"])

    @property
    def ledger(self) -> dict[str, float]:
        """Volumes in m3, as the summary holds them."""
        return dict(self.summary.get("ledger", {}))

    @cached_property
    def fields(self) -> xarray.Dataset:
        """fields.nc as an xarray Dataset; `time` is UTC."""
        import xarray

        return xarray.open_dataset(check_netcdf(self.folder / "fields.nc"), engine="netcdf4", decode_timedelta=False)

    @property
    def max_depth(self) -> xarray.DataArray:
        """Maximum depth (m); of the frames where the run is unfinished."""
        return self.fields["max_depth"] if self.status != "unfinished" else self.fields["depth"].max("time", keep_attrs=True)

    def over_ground(self, depth: np.ndarray) -> np.ndarray:
        """Depth (rows, columns) m over the ground before measures dug into it: a new channel that carries water is no flood. NaN stays."""
        dug = self.fields.get("dug_depth")
        return depth if dug is None else np.maximum(depth - np.nan_to_num(dug.values), 0.0)

    @cached_property
    def network(self) -> xarray.Dataset | None:
        """network.nc, None without sewers."""
        import xarray

        path = self.folder / "network.nc"
        return xarray.open_dataset(check_netcdf(path), engine="netcdf4") if path.is_file() else None

    @cached_property
    def gauges(self) -> dict[str, dict[str, list[Any]]]:
        """Gauge name to its columns: time (datetime), depth_m, stage_m, velocity_m_s."""
        return _grouped(self.folder / "gauges.csv", "gauge")

    @cached_property
    def sections(self) -> dict[str, dict[str, list[Any]]]:
        """Section name to its columns: time, discharge_m3_s."""
        return _grouped(self.folder / "sections.csv", "section")

    @cached_property
    def sites(self) -> dict[str, dict[str, list[Any]]]:
        """Site name to its columns: time, stage_m, volume_m3, inflow_m3_s, state."""
        return _grouped(self.folder / "sites.csv", "site")

    @cached_property
    def openings(self) -> list[dict[str, Any]]:
        """Rows of openings.csv: time, site, opening, head_m, unit_discharge_m2_s, crest_m, board."""
        path = self.folder / "openings.csv"
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return [{key: _value(key, text) for key, text in row.items()} for row in csv.DictReader(file)]

    @property
    def start(self) -> datetime:
        """Of the run."""
        return datetime.fromisoformat(str(self.summary["start"]))

    def __repr__(self) -> str:
        s = self.summary
        lines = [f"Results in {self.folder}: {self.status}"]
        if "ledger" in s:
            flood = s["flood"]
            lines += [
                f"  scenario   {s['scenario']}, portfolio {s['portfolio']}, {s['cells']} cells, {s['steps']} steps, {s['wall_s']:.1f} s",
                f"  flood      deepest {flood['max_depth_m']:.2f} m; {flood['flooded_area_m2']['0.15'] / 1e4:.1f} ha above 0.15 m",
                f"  ledger     relative error {s['ledger']['relative_error']:.1e}, SWMM's own residual {s['ledger']['network_residual']:.1f} m3",
            ]
        return "\n".join(lines)


def open_results(folder: str | Path) -> Results:
    """Open a result folder. Raises InputError where there is none."""
    path = Path(folder)
    if not (path / "fields.nc").is_file():
        raise input_error("E101", str(path), "this is no result folder: fields.nc is not there", do="run `flood-sim run SCENARIO --out DIR` first")
    check_folder(path)
    return Results(path)


TEXTS = ("state", "site", "opening")


def _value(key: str, text: str) -> Any:
    return datetime.fromisoformat(text) if key == "time" else text if key in TEXTS else float(text or "nan")


def _grouped(path: Path, key: str) -> dict[str, dict[str, list[Any]]]:
    groups: dict[str, dict[str, list[Any]]] = {}
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                columns = groups.setdefault(row[key], {name: [] for name in row if name != key})
                for name, text in row.items():
                    if name != key:
                        columns[name].append(_value(name, text))
    return groups
