"""Real networks made by others (marker shared_data): each runs coupled on a bed made from its rims,
or SWMM's own line says why not.
"""

import pytest

from cases import Silent
from conftest import shared_folder
from flood_sim.core.errors import InputError
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.simulation.loop import Simulation

pytestmark = pytest.mark.shared_data
REFUSED = {  # by SWMM itself
    "large_cms_3225n_2746subs": "ERROR 171",
    "mixed_cfs_1191n_weirs_orifices": "ERROR 209",
    "riverhills_nbsp_tabs_cfs_316n": "ERROR 207",
    "tidal48_cfs_457n": "ERROR 141",
}
WITHOUT_PLACES = {
    "all_outfall_types_6n",
    "swmmio_groundwater_crlf_tabs",
}  # fewer than three nodes have coordinates
PUBLIC = shared_folder()
NAMES = (
    sorted(p.stem for p in (PUBLIC / "swmm_networks").glob("*.inp"))
    if PUBLIC is not None
    else ["absent"]
)
SCENARIO = """
schema = 1
name = "any"
[time]
start = 2021-07-20T15:00:00+08:00
stop = 2021-07-20T15:04:00+08:00
[terrain]
bed_elevation = {{ from_rims = true, cells = 4000 }}
[initial]
depth = 0.05
[drainage]
kind = "swmm"
network = "{network}"
coupling_step_s = 2
routing_step_s = 1
rim = "bed"
min_surface_area_m2 = 1.167
[output]
interval_s = 240
"""


@pytest.mark.parametrize("name", NAMES)
def test_any_network_runs_or_says_why_not(tmp_path, shared_data, name):
    folder = shared_data / "swmm_networks"
    (tmp_path / "s.toml").write_text(SCENARIO.format(network=folder / f"{name}.inp"))
    scenario = load_scenario(tmp_path / "s.toml", (folder,))
    if name in REFUSED or name in WITHOUT_PLACES:
        with pytest.raises(InputError, match=REFUSED.get(name, "three nodes with coordinates")):
            Simulation(build_inputs(scenario), tmp_path)
        return
    simulation = Simulation(build_inputs(scenario), tmp_path)
    try:
        assert simulation.run(Silent()) == "complete"
    finally:
        simulation.close()
    ledger = simulation.ledger
    assert simulation.exchange.book.relative_difference <= 1e-12
    assert abs(ledger.error) <= 1e-6 * ledger.stored_start
