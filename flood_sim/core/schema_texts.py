"""What a schema says of a value that it refuses: text and way out of each kind of fault. pydantic
names the kinds; the models' own rules raise `UnfitError`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

from flood_sim.core.errors import Said

NUMERIC = re.compile(r"\s*[+-]?[\d.]+\s*")
CHANGE, CHANGE_THEM = "change the value", "change the keys that it names"


class UnfitError(ValueError):
    """A value, or values together, that a model refuses; pydantic counts it among its faults.

    do : the way out.
    """

    def __init__(self, problem: str, do: str = CHANGE_THEM) -> None:
        self.do = do
        super().__init__(problem)


LIST = Said(
    "E104",
    "a list belongs here",
    do="write [ ... ], also around a single value; a section of several rows as [[...]]",
)
TABLE = Said("E104", "a table of keys belongs here", do="write { key = value } or a section")
NUMBER = Said("E104", "a number belongs here", do="write digits, with a decimal point")
WHOLE = Said("E104", "a whole number belongs here", do="write digits alone")
SWITCH = Said("E104", "true or false belongs here", do="write true or false alone")
DAY = Said("E104", "a day belongs here", do="write it as 2026-05-31")
MOMENT = Said("E302", "a time belongs here", do="write it as 2021-07-20T15:00:00+08:00")
# pydantic's names of the kinds; a test holds that the schema makes no other. {words} are filled
# with the numbers of the fault.
SAID: dict[str, Said] = {
    "greater_than": Said("E104", "it should be greater than {gt}", do=CHANGE),
    "greater_than_equal": Said("E104", "it should be at least {ge}", do=CHANGE),
    "less_than": Said("E104", "it should be less than {lt}", do=CHANGE),
    "less_than_equal": Said("E104", "it should be at most {le}", do=CHANGE),
    "finite_number": Said("E104", "it should be a finite number", do=CHANGE),
    "literal_error": Said("E104", "it should be {expected}", do="give one of these"),
    "string_type": Said("E104", "a text belongs here", do='write it in quotation marks: "..."'),
    "string_too_short": Said("E104", "the text is empty", do="write a text"),
    "string_too_long": Said(
        "E104", "the text is longer than {max_length} characters", do="write a shorter text"
    ),
    "string_pattern_mismatch": Said(
        "E104",
        "the text does not fit the pattern {pattern}",
        do="change the text",
    ),
    "too_short": Said(
        "E104",
        "values or rows are missing: it has {actual_length}, and needs at least {min_length}",
        do="add what is missing",
    ),
    "too_long": Said(
        "E104", "there is more than the {max_length} that belong here", do="leave the rest out"
    ),
    **dict.fromkeys(("float_type", "float_parsing"), NUMBER),
    **dict.fromkeys(("int_type", "int_parsing", "int_parsing_size", "int_from_float"), WHOLE),
    **dict.fromkeys(("bool_type", "bool_parsing"), SWITCH),
    **dict.fromkeys(("tuple_type", "list_type"), LIST),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), TABLE),
    **dict.fromkeys(
        ("date_type", "date_parsing", "date_from_datetime_parsing", "date_from_datetime_inexact"),
        DAY,
    ),
    "timezone_aware": Said("E302", "a time needs its offset", do="add the offset, e.g. +08:00"),
    **dict.fromkeys(("datetime_type", "datetime_parsing", "datetime_from_date_parsing"), MOMENT),
}


def said(fault: Mapping[str, Any]) -> Said:
    """Of a fault as pydantic counts it: its code, what is wrong, what to do."""
    words = fault.get("ctx", {})
    own = words.get("error")
    if fault["type"] == "missing":
        return _missing(fault["loc"][-1])
    if type(fault["input"]) is date and fault["type"] == "timezone_aware":
        return MOMENT
    if isinstance(own, UnfitError):
        return Said("E104", str(own), do=own.do)
    known = SAID.get(fault["type"])
    if known is None:  # a kind that a new pydantic has
        message = str(fault["msg"]).removeprefix("Value error, ")
        return Said("E104", message[:1].lower() + message[1:], do=CHANGE)
    return known._replace(text=known.text.format_map(words))


def _missing(key: str | int) -> Said:
    if isinstance(key, int):
        return Said("E104", "the list has too few values", do="add what is missing")
    return Said("E104", "this key is missing", do=f"add `{key} = ...`")


def _no_number(value: Any) -> Any:
    """A number would be taken for seconds since 1970: 20210720 is a day in August of that year."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and NUMERIC.fullmatch(value)):
        raise UnfitError(
            "a number says no time", do="write it as 2021-07-20T15:00:00+08:00, a day as 2021-07-20"
        )
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_no_number)]
Day = Annotated[date, BeforeValidator(_no_number)]
