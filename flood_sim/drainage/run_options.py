"""The options under which SWMM runs beside a street, and which of the file's own they replace."""

from __future__ import annotations

from datetime import datetime, timedelta

from flood_sim.drainage.clock import (
    on_the_clock,
    own_period,
    read_hours,
    starts_elsewhere,
    with_tides_at,
)
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.storages import closed_storages

REPORT = ["INPUT NO", "CONTROLS NO", "SUBCATCHMENTS NONE", "NODES NONE", "LINKS NONE"]
NONE_SET = {"VARIABLE_STEP": "0", "ALLOW_PONDING": "NO", "SKIP_STEADY_STATE": "NO"}
WHY = {
    "VARIABLE_STEP": "windows need fixed steps",
    "ALLOW_PONDING": "the street holds what spills; elsewhere it leaves the model",
    "SKIP_STEADY_STATE": "the street's water changes at any time",
    "SURCHARGE_METHOD": "a closed storage under EXTRAN loses water in SWMM",
}


def surcharge_method(inp: InpFile) -> str:
    """The file's own; SLOT where it has closed storages: EXTRAN loses or makes water in them."""
    own = inp.option("SURCHARGE_METHOD", "EXTRAN")
    return "SLOT" if own == "SLOT" or closed_storages(inp) else "EXTRAN"


def prepared(
    inp: InpFile, start: datetime, duration_s: float, routing_step_s: float, threads: int
) -> InpFile:
    """The network on the run's clock: fixed routing step, end well beyond the run (else SWMM stops
    a step early), tides by the hour of the day, no report of its own. start : in its zone.
    """
    end = start + timedelta(seconds=duration_s + 3600)
    rounded = f"{routing_step_s:g}"
    options = {
        "START_DATE": f"{start:%m/%d/%Y}",
        "START_TIME": f"{start:%H:%M:%S}",
        "REPORT_START_DATE": f"{start:%m/%d/%Y}",
        "REPORT_START_TIME": f"{start:%H:%M:%S}",
        "END_DATE": f"{end:%m/%d/%Y}",
        "END_TIME": f"{end:%H:%M:%S}",
        "REPORT_STEP": "00:05:00",
        "ROUTING_STEP": rounded,
        "MINIMUM_STEP": rounded,
        **NONE_SET,
        "SURCHARGE_METHOD": surcharge_method(inp),
        "THREADS": str(threads),
    }
    timed = with_tides_at(inp, start).with_options(options)
    if timed.rows("EVENTS"):
        timed = timed.with_section("EVENTS", [])
    return timed.with_section("REPORT", REPORT)


def replaced_options(inp: InpFile, start: datetime, routing_step_s: float) -> list[str]:
    """The file's options that the run replaces by other values, each with both and the reason."""
    told, period, step = [], own_period(inp), inp.option("ROUTING_STEP")
    if period is not None and starts_elsewhere(inp, start):
        told.append(f"START {period[0]:%Y-%m-%d %H:%M} -> {on_the_clock(start):%Y-%m-%d %H:%M}")
    if step and abs(_seconds(step) - routing_step_s) > 1e-6:
        told.append(f"ROUTING_STEP {step} -> {routing_step_s:g} s")
    wanted = NONE_SET | {"SURCHARGE_METHOD": surcharge_method(inp)}
    for name, value in wanted.items():
        own = inp.option(name)
        if own and not _same(own, value):
            told.append(f"{name} {own} -> {value} ({WHY[name]})")
        elif not own and name == "SURCHARGE_METHOD" and value == "SLOT":
            told.append(f"{name} EXTRAN (SWMM's default) -> {value} ({WHY[name]})")
    if inp.rows("EVENTS"):
        told.append("[EVENTS] -> none (SWMM routes all the time)")
    return told


def _same(own: str, value: str) -> bool:
    if own == value:
        return True
    try:
        return float(own) == float(value)
    except ValueError:
        return False


def _seconds(step: str) -> float:
    """A routing step: seconds, or H:MM:SS."""
    hours = read_hours(step)
    return float("nan") if hours is None else hours * (3600.0 if ":" in step else 1.0)
