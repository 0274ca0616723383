"""fields.nc and exposure.nc of a result folder: NetCDF frames that survive a kill."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.core.files.durable import write_beside
from flood_sim.core.files.netcdf import hdf5_held
from flood_sim.core.variables import VARIABLES
from flood_sim.ground.exposure import USES, ZONES, Streets
from flood_sim.output.dykes import dyke_crests
from flood_sim.output.grid_mapping import grid_mapping, is_placed
from flood_sim.simulation.inputs import ModelInputs

if TYPE_CHECKING:
    from flood_sim.simulation.loop import Simulation

# variables written at the end, and the surface's maxima that they hold
MAXIMA = {
    "max_depth": "depth",
    "max_velocity": "velocity",
    "max_depth_velocity": "depth_velocity",
    "arrival_time": "arrival_time",
    "duration_0p15": "ponding_time",
}


def write_exposure(path: Path, inputs: ModelInputs) -> None:
    """exposure.nc: roads and buildings on the grid, a table of buildings. Nothing where the
    scenario has none.
    """
    if inputs.exposure is not None:
        write_beside(path, lambda side: _write_exposure(side, inputs, inputs.exposure))


@hdf5_held()
def _write_exposure(path: Path, inputs: ModelInputs, exposure: Any) -> None:
    import netCDF4

    with netCDF4.Dataset(path, "w", format="NETCDF4") as f:
        f.setncatts({"title": f"exposure of {inputs.name}", "uses": ", ".join(USES)})
        for name, size in (
            ("y", inputs.terrain.grid.rows),
            ("x", inputs.terrain.grid.columns),
            ("buildings", len(exposure.use)),
        ):
            f.createDimension(name, size)
        for name, kind, field in (
            ("road_share", "f4", exposure.road_share),
            ("building", "i4", exposure.building),
        ):
            f.createVariable(name, kind, ("y", "x"), zlib=True, complevel=1)[:] = field
        for name, unit in (
            ("use", "1"),
            ("floors", "1"),
            ("ground_floor_m", "m"),
            ("area_m2", "m2"),
            ("people", "1"),
        ):
            v = f.createVariable(name, "f8", ("buildings",))
            v.units = unit
            v[:] = getattr(exposure, name)
        if exposure.cell is not None:
            v = f.createVariable("cell", "i8", ("buildings",))
            v.long_name = "flat index of the cell of its middle, -1 outside the grid"
            v[:] = exposure.cell
        if exposure.streets is not None:
            _write_streets(f, exposure.streets)
        _write_crests(f, dyke_crests(inputs))


def _write_streets(f: Any, streets: Streets) -> None:
    """Segments as a ragged table: street_start into street_cell (flat indices of the grid) and
    street_end (bits: first end 1, last 2).
    """
    f.zones = ", ".join(ZONES)
    for name, size in (
        ("streets", len(streets.length_m)),
        ("street_starts", len(streets.start)),
        ("street_cells", len(streets.cell)),
    ):
        f.createDimension(name, size)
    columns = (
        ("street_start", "i8", "street_starts", streets.start),
        ("street_cell", "i8", "street_cells", streets.cell),
        ("street_end", "i1", "street_cells", streets.end),
        ("street_length_m", "f8", "streets", streets.length_m),
        ("street_zone", "i1", "streets", streets.zone),
        ("street_name", str, "streets", np.array(streets.name, object)),
    )
    for name, kind, dimension, values in columns:
        f.createVariable(name, kind, (dimension,))[:] = values


def _write_crests(f: Any, crests: np.ndarray) -> None:
    """dyke_cell: flat index of the river's cell at the bank; dyke_crest_m: the highest ground or
    wall between it and the land behind the dyke.
    """
    if len(crests):
        f.createDimension("dykes", len(crests))
        f.createVariable("dyke_cell", "i8", ("dykes",))[:] = crests[:, 0].astype(np.int64)
        v = f.createVariable("dyke_crest_m", "f8", ("dykes",))
        v.units = "m"
        v[:] = crests[:, 1]


class FieldsFile:
    """fields.nc: CF-1.11, one frame at a time, on disk after each (`sync`: without it a kill leaves
    no frame at all).
    """

    @hdf5_held()
    def __init__(self, path: Path, inputs: ModelInputs, resumed: bool = False) -> None:
        import netCDF4

        grid = inputs.terrain.grid
        self._placed = is_placed(grid.crs)
        self._names = {
            "frames": ("depth", "velocity_x", "velocity_y"),
            "depth": ("depth",),
            "maxima": (),
        }[inputs.fields]
        if resumed:
            self._file = netCDF4.Dataset(path, "a")
            return
        self._file = netCDF4.Dataset(path, "w", format="NETCDF4")
        self._describe(inputs)
        for name, size in (("time", None), ("y", grid.rows), ("x", grid.columns), ("bounds", 2)):
            self._file.createDimension(name, size)
        self._coordinates(grid, inputs)
        for name in self._names:
            self._variable(name, ("time", "y", "x"), significant=inputs.decimals)
        self._write_ground(inputs)
        for name in MAXIMA:
            self._variable(name, ("y", "x"))
        self._variable("max_hazard", ("y", "x"), kind="u1")
        self._file.sync()

    def _describe(self, inputs: ModelInputs) -> None:
        """Attributes of the file."""
        self._file.setncatts(
            {
                "Conventions": "CF-1.11",
                "title": inputs.name,
                "institution": "not stated",
                "source": f"flood_sim {version('flood_sim')}",
                "history": (
                    f"{inputs.clock.start.isoformat()} run of scenario {inputs.name}, portfolio"
                    f" {inputs.portfolio}"
                ),
                "comment": (
                    "depth in cell centres; stage = depth + bed_elevation; velocities from face"
                    " discharges; maxima sampled at the end of each coupling window"
                ),
                "time_zone": str(inputs.clock.start.tzinfo),
                "frames_written": np.int32(0),
            }
        )

    def _write_ground(self, inputs: ModelInputs) -> None:
        """The bed, and how far measures have lowered it."""
        active = inputs.terrain.active
        bed = self._variable("bed_elevation", ("y", "x"))
        bed.vertical_datum = str(
            inputs.effective.get("terrain", {}).get("vertical_datum", "not stated")
        )
        bed[:] = np.where(active, inputs.terrain.bed_elevation, np.nan)
        if inputs.dug_m is not None:
            self._variable("dug_depth", ("y", "x"))[:] = np.where(active, inputs.dug_m, np.nan)

    def _coordinates(self, grid: Any, inputs: ModelInputs) -> None:
        f, start = self._file, inputs.clock.start
        for name, axis, centres in (("x", "X", grid.x_m), ("y", "Y", grid.y_m)):
            v = f.createVariable(name, "f8", (name,))
            # without a system it is no axis of a map: CF 5.6 would ask for true positions
            placed = {"standard_name": f"projection_{name}_coordinate", "axis": axis}
            local = {"long_name": f"{name} in local coordinates"}
            v.setncatts(
                (placed if self._placed else local) | {"units": "m", "bounds": f"{name}_bnds"}
            )
            v[:] = centres
            half = 0.5 * grid.cell_size_m
            f.createVariable(f"{name}_bnds", "f8", (name, "bounds"))[:] = np.column_stack(
                [centres - half, centres + half]
            )
        time_axis(f, start)
        crs = f.createVariable("crs", "i4")
        t = grid.transform
        place = {"GeoTransform": f"{t.c} {t.a} 0 {t.f} 0 {t.e}"}
        crs.setncatts(place | grid_mapping(grid.crs))

    def _variable(
        self,
        name: str,
        dimensions: tuple[str, ...],
        significant: int | None = None,
        kind: str = "f4",
    ) -> Any:
        table = VARIABLES[name]
        fill: Any = None if kind == "u1" else np.float32(np.nan)
        create: Any = self._file.createVariable
        v = create(
            name,
            kind,
            dimensions,
            zlib=True,
            complevel=1,
            fill_value=fill,
            least_significant_digit=significant,
        )
        v.setncatts(
            {"units": table.unit, "long_name": table.english}
            | ({"grid_mapping": "crs"} if self._placed else {})
            | ({"standard_name": table.cf_name} if table.cf_name else {})
        )
        return v

    @hdf5_held()
    def write(self, simulation: Simulation) -> None:
        """One frame, on disk when this returns."""
        if not self._names:
            return
        surface, frame = simulation.surface, len(self._file.dimensions["time"])
        dry = ~simulation.inputs.terrain.active
        fields = {"depth": surface.depth}
        if "velocity_x" in self._names:
            fields["velocity_x"], fields["velocity_y"] = surface.velocity()
        for name in self._names:
            self._file[name][frame] = np.where(dry, np.nan, fields[name])
        self._file["time"][frame] = simulation.time_s
        self._file.frames_written = np.int32(frame + 1)
        self._file.sync()

    @hdf5_held()
    def finish(self, simulation: Simulation) -> None:
        """Write the maxima and close."""
        m, active = simulation.surface.maxima, simulation.inputs.terrain.active
        for name, field in MAXIMA.items():
            self._file[name][:] = np.where(active, getattr(m, field), np.nan)
        self._file["max_hazard"][:] = m.hazard
        self._file.close()


def time_axis(file: Any, start: datetime) -> None:
    """The variable `time`: UTC (an offset in the units is not portable); the local zone stands in
    the attributes.
    """
    units = f"seconds since {start.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    file.createVariable("time", "f8", ("time",)).setncatts(
        {
            "standard_name": "time",
            "axis": "T",
            "calendar": "proleptic_gregorian",
            "units": units,
            "units_metadata": "leap_seconds: none",
        }
    )
