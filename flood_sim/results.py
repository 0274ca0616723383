"""Reading a result folder: fields as xarray, series, ledger, summary. Knows no model; works on
unfinished runs too.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.core.errors import InputError, input_error
from flood_sim.core.files.live import copied_whole, is_written_now
from flood_sim.core.files.netcdf import open_netcdf
from flood_sim.core.files.plain_folder import check_folder

if TYPE_CHECKING:
    import xarray


CORE = ("status", "start", "simulated_s", "flood")  # what every summary has
UNFINISHED = {"status": "unfinished"}


@dataclass(frozen=True)
class Results:
    """A result folder. Everything read raises InputError (E110) where its file is cut,
    empty or damaged, with the way out.
    """

    folder: Path

    @cached_property
    def summary(self) -> dict[str, Any]:
        """summary.json; {"status": "unfinished"} where the run has not written it (killed, or still
        going).
        """
        path = self.folder / "summary.json"
        if not path.is_file():
            return dict(UNFINISHED)
        with told_damage(path):
            found = json.loads(path.read_text(encoding="utf-8"))
            missing = [key for key in CORE if key not in found]
            if missing:
                raise ValueError(f"{missing[0]} is missing")
            return dict(found)

    @property
    def status(self) -> str:
        return str(self.summary["status"])

    @property
    def ledger(self) -> dict[str, float]:
        """Volumes in m3, as the summary holds them."""
        return dict(self.summary.get("ledger", {}))

    @cached_property
    def fields(self) -> xarray.Dataset:
        """fields.nc as an xarray Dataset; `time` is UTC. While a run writes it: a copy of it with
        whole frames.
        """
        found = open_whole(self.folder / "fields.nc", decode_timedelta=False)
        if not {"x", "y", "bed_elevation"} <= set(found.variables):
            raise damaged(self.folder / "fields.nc", "it has no grid")
        return found

    @property
    def max_depth(self) -> xarray.DataArray:
        """Maximum depth (m); of the frames where the run is unfinished."""
        return (
            self.fields["max_depth"]
            if self.status != "unfinished"
            else self.fields["depth"].max("time", keep_attrs=True)
        )

    def over_ground(self, depth: np.ndarray) -> np.ndarray:
        """Depth (rows, columns) m over the ground before measures dug into it: a new channel that
        carries water is no flood. NaN stays.
        """
        dug = self.fields.get("dug_depth")
        return depth if dug is None else np.maximum(depth - np.nan_to_num(dug.values), 0.0)

    @cached_property
    def network(self) -> xarray.Dataset | None:
        """network.nc, None without sewers."""
        path = self.folder / "network.nc"
        return open_whole(path) if path.is_file() else None

    @cached_property
    def gauges(self) -> dict[str, dict[str, list[Any]]]:
        """Gauge name to its columns: time (datetime), depth_m, stage_m, velocity_m_s."""
        return self._grouped("gauges.csv", "gauge", self.summary.get("gauges"))

    @cached_property
    def sections(self) -> dict[str, dict[str, list[Any]]]:
        """Section name to its columns: time, discharge_m3_s."""
        return self._grouped("sections.csv", "section")

    @cached_property
    def sites(self) -> dict[str, dict[str, list[Any]]]:
        """Site name to its columns: time, stage_m, volume_m3, inflow_m3_s, state."""
        return self._grouped("sites.csv", "site", self.summary.get("sites"))

    @cached_property
    def openings(self) -> list[dict[str, Any]]:
        """Rows of openings.csv: time, site, opening, head_m, unit_discharge_m2_s, crest_m,
        board.
        """
        path = self.folder / "openings.csv"
        with told_damage(path):
            return [
                {key: _value(key, text) for key, text in row.items()}
                for row in _rows(path, self.status == "unfinished")
            ]

    def _grouped(
        self, file: str, key: str, known: Iterable[str] | None = None
    ) -> dict[str, dict[str, list[Any]]]:
        """Columns of a table by the value of `key`; a finished run has all that are known, equally
        long and to its end.
        """
        path, groups = self.folder / file, dict[str, dict[str, list[Any]]]()
        with told_damage(path):
            for row in _rows(path, self.status == "unfinished"):
                columns = groups.setdefault(row[key], {name: [] for name in row if name != key})
                for name, text in row.items():
                    if name != key:
                        columns[name].append(_value(name, text))
            if self.status != "unfinished" and path.is_file():
                if missing := set(known or ()) - groups.keys():
                    raise ValueError(f"{min(missing)} is missing")
                if len({len(columns["time"]) for columns in groups.values()}) > 1:
                    raise ValueError("it ends in the middle of an output time")
            if self.status == "complete" and groups:
                last, end = (
                    max(columns["time"][-1] for columns in groups.values()),
                    self.start + timedelta(seconds=self.summary["simulated_s"]),
                )
                if abs((last - end).total_seconds()) > 1.0:
                    raise ValueError(f"it ends at {last.isoformat()}, the run at {end.isoformat()}")
        return groups

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
                (
                    f"  scenario   {s['scenario']}, portfolio {s['portfolio']}, {s['cells']} cells,"
                    f" {s['steps']} steps, {s['wall_s']:.1f} s"
                ),
                (
                    f"  flood      deepest {flood['max_depth_m']:.2f} m;"
                    f" {flood['flooded_area_m2']['0.15'] / 1e4:.1f} ha above 0.15 m"
                ),
                (
                    f"  ledger     relative error {s['ledger']['relative_error']:.1e}, SWMM's own"
                    f" residual {s['ledger']['network_residual']:.1f} m3"
                ),
            ]
        return "\n".join(lines)


def open_results(folder: str | Path) -> Results:
    """Open a result folder. Raises InputError where there is none.

    >>> results = open_results("baseline")
    >>> results.status
    'complete'
    >>> results.fields["depth"].dims
    ('time', 'y', 'x')
    >>> 0.1 < float(results.max_depth.max()) < 10.0  # m
    True
    """
    path = Path(folder)
    if not (path / "fields.nc").is_file():
        raise input_error(
            "E101",
            str(path),
            "this is no result folder: fields.nc is not there",
            do="run `flood-sim run SCENARIO --out DIR` first",
        )
    check_folder(path)
    return Results(path)


def is_whole(folder: Path) -> bool:
    """Whether a finished run stands there whose summary and NetCDF files can be read as far as one
    sees without reading them through.
    """
    try:
        complete = (folder / "fields.nc").is_file() and Results(folder).status == "complete"
        for path in folder.glob("*.nc"):
            _refuse_cut(path, path)
    except InputError:
        return False
    return complete


TEXTS = ("state", "site", "opening")


def open_whole(path: Path, **keys: Any) -> xarray.Dataset:
    """A NetCDF file of a result folder as an xarray Dataset, read when it is asked for. Raises
    InputError where it is cut, empty or damaged.
    """
    import weakref

    shown, kept = path, None
    if is_written_now(path.parent):
        path, kept = copied_whole(path)
    _refuse_cut(path, shown)
    with told_damage(shown):
        dataset = open_netcdf(path, str(shown), **keys)
    if kept is not None:
        weakref.finalize(dataset, kept.cleanup)
    return dataset


def _refuse_cut(path: Path, shown: Path) -> None:
    """Raises InputError where a file does not hold what its own head says: the library need not be
    asked (it has hung on such files).
    """
    with told_damage(shown), path.open("rb") as file:
        head, size = file.read(HEAD), path.stat().st_size
        if not size:
            raise ValueError("it is empty")
        if len(head) < HEAD or not head.startswith(SIGNATURE):
            raise ValueError("it is no NetCDF file, or its head is lost")
        version, offsets = head[8], head[9 if head[8] >= 2 else 13]
        if (
            version in (2, 3)
            and offsets == 8
            and size < (end := int.from_bytes(head[28:36], "little"))
        ):
            raise ValueError(f"{size} bytes of {end} are there")


SIGNATURE, HEAD = b"\x89HDF\r\n\x1a\n", 48
BROKEN = (
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    csv.Error,
)  # what the readers of formats raise


@contextmanager
def told_damage(path: Path) -> Iterator[None]:
    """Raises InputError for what goes wrong while a file of a result folder is read, with the way
    out.
    """
    try:
        yield
    except BROKEN as error:
        raise damaged(
            path, str(error).splitlines()[0] if str(error) else type(error).__name__
        ) from error


@contextmanager
def told_broken_netcdf(folder: Path) -> Iterator[None]:
    """The same for what the NetCDF library finds only when the values are asked for; faults of the
    program pass.
    """
    try:
        yield
    except (RuntimeError, OSError) as error:
        if "NetCDF: " not in str(error):
            raise
        raise damaged(folder, str(error).splitlines()[0]) from error


def damaged(path: Path, why: str) -> InputError:
    """What is said of a file of a result folder that cannot be read."""
    folder = path if path.is_dir() else path.parent
    if (folder / "checkpoint").is_dir():
        do = f"flood-sim run --resume {folder} writes it anew"
    elif folder.parent.name == "runs":
        do = (
            f"copy it again from where it is whole, or remove {folder} and run again what made it"
            f" (of a study: flood-sim study resume {folder.parent.parent})"
        )
    else:
        do = (
            "copy it again from where it is whole, or run the scenario anew: flood-sim run SCENARIO"
            " --out DIR --overwrite"
        )
    return input_error(
        "E110",
        str(path),
        (
            "this file of a result folder is damaged"
            if path.is_file()
            else "a file in this result folder is damaged"
        ),
        given=why,
        do=do,
    )


def _value(key: str, text: str) -> Any:
    return (
        datetime.fromisoformat(text)
        if key == "time"
        else text
        if key in TEXTS
        else float(text or "nan")
    )


def _rows(path: Path, growing: bool) -> list[dict[str, str]]:
    """Rows of a CSV; [] where there is no file. growing : its last line may be half written. Raises
    ValueError for a row that is cut.
    """
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):
        if not growing:
            raise ValueError("its last line is cut")
        text = text[: text.rfind("\n") + 1]
    rows = list(csv.DictReader(io.StringIO(text)))
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise ValueError(f"line {number} has not as many cells as the head")
    return rows
