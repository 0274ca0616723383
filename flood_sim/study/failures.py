"""Random cumulative failure: components of the network that fail one after the other, the same
sequences for every portfolio (global resilience analysis, Mugume et al. 2015). Nested: a level's
failures hold those of every lower level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from flood_sim.core.errors import input_error
from flood_sim.drainage.inp import InpFile, gate_place
from flood_sim.simulation.inputs import ModelInputs
from flood_sim.study.spec.section import Changes, Section

if TYPE_CHECKING:
    from flood_sim.study.spec.study import Study

Kind = Literal["pipes", "pumps", "inlets", "flaps", "boards"]
# The failure that each kind of component is, and the key that names its members.
FAILS: dict[str, tuple[str, str]] = {
    "pipes": ("blocked_conduit", "conduits"), "pumps": ("pump_trip", "pumps"),
    "inlets": ("clogged_inlets", "nodes"), "flaps": ("stuck_flap", "outfalls"),
    "boards": ("missing_board", "openings"),
}  # fmt: skip


class Envelope(Section):
    """Which components fail, how many sequences, at which shares of all of them the runs are
    made.
    """

    components: tuple[Kind, ...] = Field(
        ("pipes", "pumps"),
        min_length=1,
        description=(
            "inlets: all of a node's; flaps: of the outfalls that have one; boards: of all"
            " openings, by the portfolios that have them"
        ),
    )
    sequences: int = Field(
        20,
        ge=2,
        le=1000,
        description="59 put the worst above the 95 % quantile with 95 % confidence (Wilks)",
    )
    levels: tuple[float, ...] = Field(
        (0.02, 0.05, 0.1, 0.2, 0.5),
        min_length=1,
        description="shares failed, ascending; nothing failed is run, too",
    )
    seed: int = Field(720, ge=0)
    outcome: str = Field("volume_out_of_sewer", description="name of an outcome")


def failure_sets(
    envelope: Envelope, inputs: ModelInputs, at: str, place: str
) -> dict[str, Changes]:
    """Name ("sequence 3, 10 %") to the changes that make it. Raises InputError where the network
    has no such components.
    """
    components = components_of(envelope, inputs)
    if not components:
        raise input_error(
            "E104",
            f"{place}, envelope",
            "the scenario has no such components",
            given=", ".join(envelope.components),
            do="name components that it has, or remove [envelope]",
        )
    if (
        list(envelope.levels) != sorted(set(envelope.levels))
        or not 0.0 < envelope.levels[0] <= envelope.levels[-1] <= 1.0
    ):
        raise input_error(
            "E104",
            f"{place}, envelope.levels",
            "levels are shares that rise",
            given=str(envelope.levels),
            allowed="above 0, at most 1",
        )
    found: dict[str, Changes] = {}
    for sequence in range(envelope.sequences):
        order = order_of(envelope, len(components), sequence)
        for level in envelope.levels:
            failed = [components[k] for k in order[: failed_count(level, len(components))]]
            found[name_of(sequence, level)] = {"failures": _failures(failed, at)}
    return found


def components_of(envelope: Envelope, inputs: ModelInputs) -> list[tuple[str, str]]:
    """Kind and name of all that may fail, in the order of the files."""
    drainage = inputs.drainage
    network = drainage.network if drainage is not None else InpFile(inputs.folder, [])
    flaps = [r.tokens for r in network.rows("OUTFALLS")]
    members = {
        "pipes": [r.tokens[0] for r in network.rows("CONDUITS")],
        "pumps": [r.tokens[0] for r in network.rows("PUMPS")],
        "inlets": (
            list(dict.fromkeys(i.node for i in drainage.inlets if i.kind == "inlet"))
            if drainage is not None
            else []
        ),
        "flaps": [
            t[0] for t in flaps if len(t) > gate_place(t) and t[gate_place(t)].upper() == "YES"
        ],
        "boards": [o.name for space in inputs.sites.spaces.spaces for o in space.openings],
    }
    return [(kind, name) for kind in envelope.components for name in members[kind]]


def order_of(envelope: Envelope, count: int, sequence: int) -> list[int]:
    """The components in the order in which they fail."""
    return [int(k) for k in np.random.default_rng([envelope.seed, sequence]).permutation(count)]


def failed_count(level: float, count: int) -> int:
    return max(1, round(level * count))


def name_of(sequence: int, level: float) -> str:
    return f"sequence {sequence}, {100.0 * level:g} %"


def _failures(failed: Sequence[tuple[str, str]], at: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for kind, (failure, key) in FAILS.items():
        names = [name for of, name in failed if of == kind]
        if names:
            when = {} if kind in ("flaps", "boards") else {"at": at}
            more = {"clogging": 1.0} if kind == "inlets" else {}
            found.append({"kind": failure, "name": f"failed {kind}", key: names, **when, **more})
    return found


def envelopes(study: Study, rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Of each portfolio and storm: lowest, 5 %, mean, 95 % and highest outcome at each level, and
    the components by what their failure adds on average (the rise between two levels shared equally
    among those that failed in between). None without an envelope.
    """
    envelope = study.spec.envelope
    if envelope is None:
        return None
    column, found = f"outcome_{envelope.outcome}", []
    for portfolio in dict.fromkeys(r["portfolio"] for r in rows):
        for storm in study.spec.storms:
            mine = {
                r["failure_set"]: r.get(column)
                for r in rows
                if r["portfolio"] == portfolio and r["storm"] == storm and not r["twin"]
            }
            calm = mine.get(next(iter(study.spec.failure_sets)))
            levels = [_spread(envelope, mine, level) for level in envelope.levels]
            found.append(
                {
                    "portfolio": portfolio,
                    "storm": storm,
                    "calm": calm,
                    "levels": [level for level in levels if level is not None],
                    "critical": _critical(envelope, study.components, mine, calm),
                }
            )
    components = len(study.components)
    return {"outcome": envelope.outcome, "components": components, "envelopes": found}


def _spread(
    envelope: Envelope, losses: dict[str, float | None], level: float
) -> dict[str, Any] | None:
    """Of all sequences at one level; None where no run is there."""
    names = [name_of(s, level) for s in range(envelope.sequences)]
    values = [v for name in names if (v := losses.get(name)) is not None]
    if not values:
        return None
    return {
        "share": level,
        "lowest": min(values),
        "low": float(np.quantile(values, 0.05)),
        "mean": float(np.mean(values)),
        "high": float(np.quantile(values, 0.95)),
        "highest": max(values),
        "sequences": len(values),
    }


def _critical(
    envelope: Envelope,
    components: Sequence[str],
    losses: dict[str, float | None],
    calm: float | None,
) -> list[dict[str, Any]]:
    """The ten components whose failure adds most on average."""
    rises: dict[str, list[float]] = {name: [] for name in components}
    for sequence in range(envelope.sequences):
        before, done = calm, 0
        order = order_of(envelope, len(components), sequence)
        for level in envelope.levels:
            value = losses.get(name_of(sequence, level))
            count = failed_count(level, len(components))
            if value is not None and before is not None and count > done:
                for k in order[done:count]:
                    rises[components[k]].append((value - before) / (count - done))
            before, done = value, count
    worst = sorted(
        ((n, float(np.mean(v)), len(v)) for n, v in rises.items() if v),
        key=lambda entry: (-entry[1], entry[0]),
    )
    return [{"component": n, "adds": add, "seen": seen} for n, add, seen in worst[:10]]
