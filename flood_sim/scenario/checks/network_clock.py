"""A network's clock against the scenario's: one instant, in the network's zone; what hangs on it,
and which options the run replaces.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone, tzinfo

from flood_sim.core.errors import Finding, InputError
from flood_sim.drainage.clock import (
    clock_bound,
    hours_bound,
    on_the_clock,
    own_period,
    starts_elsewhere,
    tidal_curves,
)
from flood_sim.drainage.inp import InpFile
from flood_sim.drainage.run_options import replaced_options
from flood_sim.drainage.series_cover import cover_findings, undated_in_use
from flood_sim.scenario.loader import Scenario
from flood_sim.scenario.spec.drainage import SwmmDrainage

INTERFACE_FILES = {"RAINFALL", "RUNOFF", "RDII", "INFLOWS"}  # [FILES] USE: dated


def network_zone(spec: SwmmDrainage) -> tzinfo | None:
    """The zone in which a network's dates and hours are written; None: that of the run's start."""
    text = spec.network_utc_offset
    if text is None:
        return None
    away = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-away if text[0] == "-" else away)


def check_clock(
    scenario: Scenario, spec: SwmmDrainage, inp: InpFile, routing_step_s: float
) -> list[Finding]:
    """All that the run's time changes in a network. Raises InputError where no series meets the
    run, and nothing else brings water.
    """
    zone = network_zone(spec)
    start, stop = (t if zone is None else t.astimezone(zone) for t in _times(scenario))
    found = cover_findings(inp, start, stop, _alone(scenario, inp))
    refused = [f for f in found if f.severity == "error"]
    if refused:
        raise InputError(refused)
    replaced = replaced_options(inp, start, routing_step_s)
    if replaced:
        text = f"the run replaces options of the network: {'; '.join(replaced)}"
        found.append(Finding("W409", f"{inp.path.name}, [OPTIONS]", text))
    found += _zone_doubt(spec, inp, start)
    found += _elsewhere(inp, start)
    return found


def _times(scenario: Scenario) -> tuple[datetime, datetime]:
    return scenario.spec.time.start, scenario.spec.time.stop


def _alone(scenario: Scenario, inp: InpFile) -> bool:
    """Whether nothing but the network's own series brings water to the run."""
    spec = scenario.spec
    outlets = all(b.kind in ("closed", "free_outflow") for b in spec.boundaries)
    dry = spec.rainfall.kind == "none" and outlets
    still = spec.initial.depth == 0.0 and not spec.initial.stage
    return dry and still and not inp.rows("DWF")


def _zone_doubt(spec: SwmmDrainage, inp: InpFile, start: datetime) -> Iterator[Finding]:
    """A start in UTC says an instant, hardly the zone of a sewer's daily pattern."""
    bound = clock_bound(inp)
    if bound and spec.network_utc_offset is None and not start.utcoffset():
        yield Finding(
            "W432",
            inp.path.name,
            f"the network's clock is taken in UTC, the zone of [time] start: {', '.join(bound)}",
            do='[drainage] network_utc_offset = "+08:00", the zone in which it is written; "+00:00"'
            " where it is UTC",
        )


def _elsewhere(inp: InpFile, start: datetime) -> Iterator[Finding]:
    """What a run that starts elsewhere than the network's own changes."""
    period = own_period(inp)
    if period is None or not starts_elsewhere(inp, start):
        return
    own, now = f"{period[0]:%Y-%m-%d %H:%M}", f"{on_the_clock(start):%Y-%m-%d %H:%M}"
    place, bound = inp.path.name, hours_bound(inp, undated_in_use(inp))
    if bound and period[0] < on_the_clock(start) < period[1]:
        yield Finding(
            "W433",
            place,
            f"hours count from {now}, the start of the run, not from the network's own {own}:"
            f" {', '.join(bound)}",
            do="give the series dates",
        )
    if tidal_curves(inp) and period[0].hour + period[0].minute:
        yield Finding(
            "W452",
            place,
            f"tides follow the hour of the day; SWMM alone begins their curves at {own}",
            do="start the network's own run at midnight",
        )
    files = [
        r.tokens for r in inp.rows("FILES") if len(r.tokens) > 2 and r.tokens[0].upper() == "USE"
    ]
    if any(tokens[1].upper() == "HOTSTART" for tokens in files):
        yield Finding(
            "W434",
            place,
            f"the hot start is the state of {own}; the run takes it as that of {now}",
            do="save a hot start at the run's start, and set START_DATE and START_TIME to it",
        )
    dated = [tokens[1].upper() for tokens in files if tokens[1].upper() in INTERFACE_FILES]
    if dated:
        yield Finding(
            "W435",
            place,
            f"files of {', '.join(dated)} ([FILES]) are dated, and were made for {own}",
            do=f"make them for {now}, and set START_DATE and START_TIME to it",
        )
