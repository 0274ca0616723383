"""Fields of a layer's features by their row model: numbers, ranges, all faults at once."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np

from flood_sim.core.errors import Finding, InputError, input_error, nearest
from flood_sim.core.files.cell_values import number_fault
from flood_sim.core.files.checked_tables import check_columns
from flood_sim.core.files.table_rows import Row
from flood_sim.scenario.doors.map_source import MapSource
from flood_sim.scenario.doors.vectors import Features

DECIMAL_COMMA = re.compile(r"[+-]?(\d*,(\d{1,2}|\d{4,})|0,\d+)", re.ASCII)


class Words(NamedTuple):
    """Our words of a field, and how a scenario says what a file's own words mean."""

    column: str
    layer: str
    key: str
    known: tuple[str, ...]
    ours: str
    other: str


def refuse_words(
    source: MapSource, features: Features, said: list[str], strange: list[str], words: Words
) -> None:
    """Raises InputError with all words of a field that nobody knows. said : of each feature;
    strange : those of them that are not known, each once.
    """
    if not strange:
        return
    count = sum(word in set(strange) for word in said)
    raise input_error(
        "E104",
        f"{source.name}, feature {features.number[said.index(strange[0])]}, `{words.column}`",
        f"{count} of {len(said)} {words.layer} have a {words.column} that is not known"
        f"{nearest(strange[0], words.known)}",
        given=", ".join(strange)[:400],
        allowed=", ".join(words.known),
        do=f'say what they mean: [exposure] {words.layer} = {{ file = "{source.name}",'
        f' {words.key} = {{ "{strange[0]}" = "{words.ours}" }}, other = "{words.other}" }}',
    )


def check_features(
    model: type[Row], name: str, features: Features, findings: list[Finding]
) -> None:
    """Raises InputError with all faults; the columns that are numbers become float64, NaN where a
    feature has none.
    """
    numbers: dict[str, np.ndarray] = {}
    faults: list[Finding] = []

    def place(k: int, key: str) -> str:
        return f"{name}, feature {features.number[k]}, `{key}`"

    for key, values in features.columns.items():
        if model.model_fields[key].annotation == (str | None):
            continue
        read = [_with_point(v) for v in values.tolist()]
        wrong = [k for k, v in enumerate(read) if _no_number(v)]
        if wrong:
            more = f", so in {len(wrong) - 1} more features" if len(wrong) > 1 else ""
            given = ", ".join(repr(values[k])[:30] for k in wrong[:4])
            code, text, do = number_fault(str(values[wrong[0]]))
            faults.append(Finding(code, place(wrong[0], key), f"{text}{more}", given=given, do=do))
            continue
        _say_commas(f"{name}, `{key}`", values, findings)
        numbers[key] = features.columns[key] = np.array(
            [np.nan if v is None else float(v) for v in read]
        )
    faults += check_columns(model, numbers, place, findings)
    if faults:
        raise InputError(faults)


def _with_point(value: Any) -> Any:
    """A text with a comma that can only be a decimal one, with a point; else as it is: `1,234` may
    be a thousand.
    """
    certain = isinstance(value, str) and DECIMAL_COMMA.fullmatch(value.strip())
    return value.replace(",", ".") if certain else value


def _say_commas(place: str, values: np.ndarray, findings: list[Finding]) -> None:
    commas = [v for v in values.tolist() if isinstance(v, str) and "," in v]
    if not commas:
        return
    finding = Finding("W106", place, f"decimals have a comma ({commas[0].strip()}): it is read so")
    findings += [finding] if finding not in findings else []


def _no_number(value: Any) -> bool:
    try:
        return bool(np.isinf(float("nan" if value is None else value)))
    except (TypeError, ValueError):
        return True
