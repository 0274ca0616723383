"""The network's files in a result folder: network.nc (layout, series, maxima) and network.gpkg for
GIS.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from flood_sim.core.files.durable import write_beside
from flood_sim.core.files.netcdf import hdf5_held
from flood_sim.core.variables import VARIABLES
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.layout import network_layout
from flood_sim.output.fields import time_axis
from flood_sim.output.statistics import NetworkMaxima

if TYPE_CHECKING:
    from flood_sim.simulation.loop import Simulation

# Variable: dimension, unit, long name.
LAYOUT = {
    "node_x": ("node", "m", "map coordinate east"),
    "node_y": ("node", "m", "map coordinate north"),
    "node_invert": ("node", "m", "invert level"),
    "node_rim": ("node", "m", "rim level: from here on water comes out"),
    "link_inlet": ("link", "m", "invert level at the upper end"),
    "link_outlet": ("link", "m", "invert level at the lower end"),
    "link_height": ("link", "m", "inner height"),
    "link_length": ("link", "m", "length"),
    "link_capacity": ("link", "m3 s-1", "full flow by Manning; 0 on level or adverse conduits"),
}
MAXIMA = {
    "max_head": ("node", "m", "largest head of all windows"),
    "flooded_volume": ("node", "m3", "volume that came out"),
    "surcharge_hours": ("node", "h", "time with the head above the rim"),
    "captured_volume": ("node", "m3", "volume that its inlets took from the street"),
    "max_discharge": ("link", "m3 s-1", "largest discharge of the output times, either way"),
    "max_velocity": ("link", "m s-1", "largest discharge over wetted area of the output times"),
    "max_fullness": ("link", "1", "mean depth of the two ends over the height, at largest heads"),
}


class NetworkFile:
    """network.nc: the layout, head, exchange flow and discharge at the output times, maxima at the
    end.
    """

    @hdf5_held()
    def __init__(self, path: Path, simulation: Simulation, resumed: bool = False) -> None:
        import netCDF4

        if resumed:
            self._file = netCDF4.Dataset(path, "a")
            return
        self._file = netCDF4.Dataset(path, "w", format="NETCDF4")
        f, network = self._file, simulation.network
        f.setncatts(
            {
                "Conventions": "CF-1.11",
                "title": f"{simulation.inputs.name}: sewer network",
                "comment": "exchange_flow: positive leaves the sewer",
            }
        )
        f.createDimension("time", None)
        for dimension, names in (("node", network.node_ids), ("link", network.link_ids)):
            f.createDimension(dimension, len(names))
            ids = f.createVariable(f"{dimension}_id", str, (dimension,))
            for k, name in enumerate(names):
                ids[k] = name
        self._write_layout(simulation)
        time_axis(f, simulation.clock.start)
        for name, dimension in (("head", "node"), ("exchange_flow", "node"), ("discharge", "link")):
            v = f.createVariable(name, "f4", ("time", dimension), zlib=True, complevel=1)
            v.setncatts({"units": VARIABLES[name].unit, "long_name": VARIABLES[name].english})

    def _write_layout(self, simulation: Simulation) -> None:
        drainage, network, f = simulation.inputs.drainage, simulation.network, self._file
        if drainage is None:
            return
        layout = network_layout(drainage.network, network.node_ids, network.link_ids)
        values = (
            layout.x_m,
            layout.y_m,
            layout.invert_m,
            network.rim_m,
            layout.inlet_m,
            layout.outlet_m,
            layout.height_m,
            layout.length_m,
            layout.capacity_m3_s,
        )
        for (name, (dimension, unit, text)), field in zip(LAYOUT.items(), values, strict=True):
            _variable(f, name, dimension, unit, text)[:] = field
        for name, dimension, kinds in (
            ("node_kind", "node", layout.node_kind),
            ("link_kind", "link", layout.link_kind),
        ):
            texts = f.createVariable(name, str, (dimension,))
            for k, kind in enumerate(kinds):
                texts[k] = kind
        for name, ends in (("link_upper", layout.upper), ("link_lower", layout.lower)):
            v = f.createVariable(name, "i4", ("link",))
            v.setncatts({"long_name": "number of the node at this end, from 0; -1 unknown"})
            v[:] = ends
        number = {name: k for k, name in enumerate(network.node_ids)}
        v = f.createVariable("node_inlets", "i4", ("node",))
        v.setncatts({"long_name": "number of inlets that lead into the node"})
        at_nodes = np.array([number[i.node] for i in drainage.inlets], np.int64)
        v[:] = np.bincount(at_nodes, minlength=len(number))

    @hdf5_held()
    def write(self, simulation: Simulation) -> None:
        frame = len(self._file.dimensions["time"])
        self._file["head"][frame] = simulation.network.heads()
        self._file["exchange_flow"][frame] = simulation.exchange.flow
        self._file["discharge"][frame] = simulation.network.discharges()
        self._file["time"][frame] = simulation.time_s
        self._file.sync()

    @hdf5_held()
    def finish(self, maxima: dict[str, np.ndarray]) -> None:
        """Write the MAXIMA by name, (nodes,) or (links,) in their units, and close."""
        for name, (dimension, unit, text) in MAXIMA.items():
            _variable(self._file, name, dimension, unit, text)[:] = maxima[name]
        self._file.close()


def _variable(file: Any, name: str, dimension: str, unit: str, text: str) -> Any:
    v = file.createVariable(name, "f8", (dimension,))
    v.setncatts({"units": unit, "long_name": text})
    return v


def write_network_layers(path: Path, simulation: Simulation, maxima: NetworkMaxima) -> None:
    """network.gpkg: nodes and links with their maxima."""
    if simulation.inputs.drainage is not None:
        network = simulation.inputs.drainage.network
        write_beside(path, lambda side: _write_layers(side, simulation, network, maxima))


def _write_layers(
    path: Path, simulation: Simulation, network: InpFile, maxima: NetworkMaxima
) -> None:
    grid = simulation.surface.grid
    crs = None if grid.crs == "local" else grid.crs
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message="'crs' was not provided"
        )  # a laboratory case has none
        _write_nodes(path, simulation, network, maxima, crs)
        _write_links(path, simulation, network, maxima, crs)


def _write_nodes(
    path: Path,
    simulation: Simulation,
    network: InpFile,
    maxima: NetworkMaxima,
    crs: str | None,
) -> None:
    import shapely
    from pyogrio.raw import write

    where = network.coordinates()
    ids, rim = simulation.network.node_ids, simulation.network.rim_m
    nodes = [k for k, name in enumerate(ids) if name in where]
    columns = {
        "node": np.array([ids[k] for k in nodes], object),
        "rim_m": rim[nodes],
        "max_head_m": maxima.head[nodes],
        "max_over_rim_m": (maxima.head - rim)[nodes],
        "flooded_m3": maxima.flooded_volume[nodes],
        "surcharge_h": maxima.surcharge_hours[nodes],
    }
    write(
        path,
        shapely.to_wkb(shapely.points(np.array([where[ids[k]] for k in nodes]).reshape(-1, 2))),
        list(columns.values()),
        np.array(list(columns)),
        layer="nodes",
        driver="GPKG",
        geometry_type="Point",
        crs=crs,
    )


def _write_links(
    path: Path,
    simulation: Simulation,
    network: InpFile,
    maxima: NetworkMaxima,
    crs: str | None,
) -> None:
    """Into the file that holds the nodes."""
    import shapely
    from pyogrio.raw import write

    where, ends, ids = network.coordinates(), network.links(), simulation.network.link_ids
    links = [
        k for k, name in enumerate(ids) if name in ends and all(e in where for e in ends[name])
    ]
    if not links:
        return
    lines = [shapely.LineString([where[e] for e in ends[ids[k]]]) for k in links]
    columns = {
        "link": np.array([ids[k] for k in links], object),
        "max_discharge_m3_s": maxima.discharge[links],
    }
    if (use := maxima.use) is not None:
        columns |= {
            "size": np.array([use.size[k] for k in links], object),
            "height_m": use.height_m[links],
            "max_velocity_m_s": maxima.velocity[links],
            "max_fullness": maxima.fullness()[links],
        }
    write(
        path,
        shapely.to_wkb(np.array(lines, object)),
        list(columns.values()),
        np.array(list(columns)),
        layer="links",
        driver="GPKG",
        geometry_type="LineString",
        crs=crs,
        append=True,
    )
