"""The city of 500 m that measures are tried on."""

from dataclasses import replace

import pytest

from flood_sim.scenario import build_inputs, load_scenario
from measure_cases import SCENARIO


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    (folder / "s.toml").write_text(SCENARIO)
    inputs = build_inputs(load_scenario(folder / "s.toml"))
    dwf = replace(
        inputs.drainage.network,
        lines=[*inputs.drainage.network.lines, "[DWF]", "N00003 FLOW 0.001"],
        _sections={},
    )
    return replace(inputs, drainage=replace(inputs.drainage, network=dwf))
