"""Plans: phases with dates and budgets; what is in service when, what it costs today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from flood_sim.core.errors import InputError, input_error
from flood_sim.core.schema_texts import Day
from flood_sim.measures.base import Measure
from flood_sim.measures.costs import currency_of

HORIZON_Y = 50  # of operation (SL 72-2013)


class Phase(BaseModel):
    """A phase and the day from which its measures serve."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(min_length=1)
    in_service: Day


class PlanSpec(BaseModel):
    """Phases in order; a phase holds all measures of earlier ones. Measures say their phase, or
    stand in `measures` with in_service dates.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    phases: tuple[Phase, ...] = Field(
        min_length=1, max_length=20, description="phases in order, each with name and in_service"
    )
    measures: tuple[str, ...] = Field(
        (), description="absent: every measure that has a phase of this plan"
    )
    budget: dict[str, Annotated[float, Field(ge=0.0, le=1e13)]] = Field(
        {}, description="capital by phase"
    )
    discount_rate: float = Field(
        0.06, ge=0.0, le=0.2, description="0.06 for flood works as public good, also report 0.08"
    )
    actions: str | None = Field(
        None, description="name of an [action_list.NAME], as in a portfolio"
    )
    base_year: int = Field(2022, ge=1990, le=2100, description="of the present value")


def members(plan: PlanSpec, measures: Mapping[str, Measure], day: date) -> tuple[str, ...]:
    """Names of the measures in service on a day, in the order of the plan."""
    return tuple(name for name in _of(plan, measures) if service(plan, measures[name]) <= day)


def _of(plan: PlanSpec, measures: Mapping[str, Measure]) -> list[str]:
    phases = [p.name for p in plan.phases]
    if plan.measures:
        return list(plan.measures)
    return sorted(
        (n for n, m in measures.items() if m.phase in phases),
        key=lambda n: (phases.index(str(measures[n].phase)), list(measures).index(n)),
    )


def service(plan: PlanSpec, measure: Measure) -> date:
    """The day a measure serves from: its own date, or its phase's. Raises InputError where it has
    neither.
    """
    if measure.in_service is not None:
        return measure.in_service
    day = next((p.in_service for p in plan.phases if p.name == measure.phase), None)
    if day is None:
        allowed = ", ".join(p.name for p in plan.phases)
        raise input_error(
            "E104",
            "[plan]",
            "a measure has neither in_service nor a phase of the plan",
            given=str(measure.phase),
            allowed=allowed,
        )
    return day


def parse_portfolio(text: str) -> tuple[str, date] | None:
    """ "henan@2025" or "henan@2025-06-01" to the plan and the day (a year: its end); None where it
    is a plain name. Raises InputError.
    """
    name, mark, when = text.partition("@")
    if not mark:
        return None
    try:
        return name, date(int(when), 12, 31) if len(when) == 4 else date.fromisoformat(when)
    except ValueError as error:
        raise input_error(
            "E302",
            "--portfolio",
            "this is no date",
            given=when,
            allowed="henan@2025 or henan@2025-06-01",
        ) from error


def present_value(
    capital: float,
    yearly: float,
    life_y: float,
    first_year: int,
    base_year: int,
    rate: float,
    horizon_y: int = HORIZON_Y,
) -> float:
    """Capital when it serves, yearly cost every year after, renewals at the end of each life, less
    what is left at the horizon; discounted.
    """
    start = first_year - base_year
    total = capital / (1.0 + rate) ** start
    total += sum(yearly / (1.0 + rate) ** (start + k) for k in range(1, horizon_y + 1))
    age = life_y
    while age < horizon_y:
        total += capital / (1.0 + rate) ** (start + age)
        age += life_y
    return total - capital * (age - horizon_y) / life_y / (1.0 + rate) ** (start + horizon_y)


def plan_lines(
    name: str, plan: PlanSpec, measures: Mapping[str, Measure], rows: Sequence[dict[str, Any]]
) -> list[str]:
    """Capital by phase beside its budget, and present values. Raises InputError where a phase is
    over its budget.
    """
    lines, faults = [], []
    before = date.min
    for phase in plan.phases:
        mine = [r for r in rows if before < service(plan, measures[r["name"]]) <= phase.in_service]
        before = phase.in_service
        capital, budget = sum(map(_capital, mine)), plan.budget.get(phase.name)
        said = "" if budget is None else f" of a budget of {budget / 1e6:.1f} M"
        lines.append(
            f"  {name}, {phase.name} ({phase.in_service}): {len(mine)} measures,"
            f" {capital / 1e6:.1f} M {currency_of(rows)}{said}"
        )
        if budget is not None and capital > budget:
            faults.append(_over_budget(name, phase, mine, budget))
    if faults:
        raise InputError([f for fault in faults for f in fault.findings])
    for rate in dict.fromkeys((plan.discount_rate, 0.08)):
        value = sum(
            present_value(
                _capital(r),
                r["yearly"],
                r["life_years"] or HORIZON_Y,
                service(plan, measures[r["name"]]).year,
                plan.base_year,
                rate,
            )
            for r in rows
        )
        lines.append(
            f"  {name}: present value {value / 1e6:.1f} M {currency_of(rows)} of {plan.base_year}"
            f" at {rate:.0%}, {HORIZON_Y} years of operation"
        )
    return lines


def _capital(row: dict[str, Any]) -> float:
    return float(row["capital"]["middle"])


def _over_budget(
    name: str, phase: Phase, rows: Sequence[dict[str, Any]], budget: float
) -> InputError:
    capital = sum(map(_capital, rows))
    largest = sorted(rows, key=lambda r: -_capital(r))[:6]
    listed = ", ".join(f"{r['name']} {_capital(r) / 1e6:.1f}" for r in largest)
    return input_error(
        "E530",
        f"[plan.{name}] {phase.name}",
        f"{(capital - budget) / 1e6:.1f} M {currency_of(rows)} over its budget",
        given=f"{capital / 1e6:.1f} M: {listed}",
        allowed=f"{budget / 1e6:.1f} M",
        do="move measures to a later phase",
    )
