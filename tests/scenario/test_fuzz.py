"""Fuzzing: whatever stands in a scenario file or in an .inp, the answer is a model or one refusal,
never a fault of ours.
"""

import tomllib
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flood_sim.core.errors import InputError
from flood_sim.drainage.check import check_network
from flood_sim.drainage.inflows import refuse_odd_inflows
from flood_sim.drainage.inp import read_inp
from flood_sim.scenario import build_inputs, load_scenario
from scenario.test_loader import GOOD, NETWORK

QUIET = settings(
    max_examples=500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)

FULL = tomllib.loads(GOOD) | {
    "drainage": {"kind": "swmm", "network": "n.inp"},
    "infiltration": {
        "kind": "green_ampt",
        "conductivity_mm_h": 5.0,
        "suction_mm": 100.0,
        "deficit": 0.2,
    },
    "boundaries": [
        {"kind": "free_outflow", "edge": "east"},
        {"kind": "stage_series", "edge": "west", "level_m": 10.0},
    ],
    "structures": [{"kind": "wall", "name": "w", "line_m": [[10.0, 20.0], [40.0, 20.0]]}],
    "failures": [
        {
            "kind": "blocked_conduit",
            "name": "f",
            "conduits": ["C"],
            "at": GOOD and tomllib.loads(GOOD)["time"]["start"],
        }
    ],
    "sites": [
        {
            "name": "g",
            "kind": "underground",
            "location_m": [22.5, 22.5],
            "sill_height_m": 0.1,
            "floor_area_m2": 300.0,
        }
    ],
    "output": {"interval_s": 300.0, "gauges": {"a": [20.0, 20.0]}},
    "measure": {
        "m": {
            "kind": "sunken_green",
            "targets": {"polygon_m": [[10, 10], [40, 10], [40, 30]]},
            "share": 0.3,
        }
    },
    "portfolio": {"baseline": {"measures": ["m"]}},
}

odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            "../x",
            "/etc/passwd",
            "n.inp",
            "http://x",
            "\x00",
            "C",
            "baseline",
            "J1",
            "=1+1",
            "9" * 400,
        ]
    ),
    st.lists(st.one_of(st.floats(-1e9, 1e9), st.text(max_size=5)), max_size=4),
    st.dictionaries(st.text(max_size=8), st.integers(), max_size=2),
)


def places(value, way=()):
    """Ways to everything in a document."""
    yield way
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        yield from places(inner, (*way, key))


WAYS = [way for way in places(FULL) if way]


def changed(document, way, value, remove):
    """A deep copy with one value replaced or taken out."""
    key, *rest = way
    copy = dict(document) if isinstance(document, dict) else list(document)
    if rest:
        copy[key] = changed(copy[key], rest, value, remove)
    elif remove:
        del copy[key]
    else:
        copy[key] = value
    return copy


def answer(path: Path):
    """A model or the text of a refusal; anything else is raised."""
    try:
        return build_inputs(load_scenario(path))
    except InputError as error:
        assert str(error)[0] in "EW" and error.findings
        return str(error)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz")
    patch = pytest.MonkeyPatch()
    patch.setattr(
        "flood_sim.scenario.memory.available_bytes", lambda: 2**28
    )  # a fuzzed grid may be vast: one that fits is really built
    (path / "n.inp").write_text(NETWORK)
    (path / "s.toml").write_text(tomli_w.dumps(FULL))
    assert not isinstance(answer(path / "s.toml"), str), answer(
        path / "s.toml"
    )  # the whole of it is sound
    yield path
    patch.undo()


@QUIET
@given(st.lists(st.tuples(st.sampled_from(WAYS), odd, st.booleans()), min_size=1, max_size=2))
def test_a_scenario_with_odd_values_is_a_model_or_a_refusal(folder, changes):
    document = FULL
    for way, value, remove in changes:
        try:
            document = changed(document, way, value, remove)
        except (
            KeyError,
            IndexError,
            TypeError,
            AttributeError,
        ):  # an earlier change took the place away
            continue
    try:
        text = tomli_w.dumps(document)
    except (TypeError, ValueError):  # no TOML has it
        return
    (folder / "s.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    answer(folder / "s.toml")


@QUIET
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=6), st.integers(0, 12))
def test_a_scenario_with_odd_bytes_is_a_model_or_a_refusal(folder, at, put, cut):
    raw = GOOD.encode()
    (folder / "s.toml").write_bytes(raw[:at] + put + raw[at + cut :])
    answer(folder / "s.toml")


words = st.one_of(
    st.sampled_from(
        ["", "J1", "O", "C", "nan", "-1", "1e400", "[", "]", ";", '"', "\t", "FILE", "*", "0", "汉"]
    ),
    st.text(max_size=8),
)


@QUIET
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8), words), min_size=1, max_size=3),
    st.booleans(),
)
def test_a_network_with_odd_words_is_read_or_refused(folder, changes, coupled):
    lines = [line.split(" ") for line in NETWORK.splitlines()]
    for line, word, text in changes:
        tokens = lines[line % len(lines)]
        tokens[word % len(tokens)] = text
    (folder / "odd.inp").write_bytes(
        "\n".join(" ".join(tokens) for tokens in lines).encode("utf-8", "surrogatepass")
    )
    try:
        inp = read_inp(folder / "odd.inp")
        check_network(inp, 1.0)
        refuse_odd_inflows(inp)
        inp.rims(), inp.links(), inp.coordinates()
    except InputError as error:
        assert "odd.inp" in str(error)
        return
    if coupled:
        (folder / "s.toml").write_text(
            tomli_w.dumps({**FULL, "drainage": {"kind": "swmm", "network": "odd.inp"}})
        )
        answer(folder / "s.toml")


@QUIET
@given(st.binary(max_size=400))
def test_a_table_of_odd_bytes_is_read_or_refused(folder, raw):
    (folder / "rain.csv").write_bytes(b"time_s,depth_mm\n" + raw)
    rain = {"kind": "series", "file": "rain.csv", "label": "right", "interval_s": 300}
    (folder / "s.toml").write_text(tomli_w.dumps({**tomllib.loads(GOOD), "rainfall": rain}))
    found = answer(folder / "s.toml")
    assert isinstance(found, str) or np.isfinite(found.rainfall.cumulative_m).all()
