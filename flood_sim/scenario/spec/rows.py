"""Where a row of a list section stands, as the user wrote it: `first [[sites]] "metro"`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

WORDS = ("first", "second", "third")
NAMED_DEPTH = 2  # of a table that stands under a heading: [measure.wall]
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def ordinal(number: int) -> str:
    """1 is "first", 4 is "4th", 21 is "21st"."""
    if number <= len(WORDS):
        return WORDS[number - 1]
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else ENDINGS.get(number % 10, 'th')}"


def list_row(section: str, number: int, name: Any = None) -> str:
    """first [[sites]] "metro"; number : from 1; name : where the row has one."""
    return f"{ordinal(number)} [[{section}]]" + (f' "{name}"' if name else "")


def named_row(section: str, rows: Iterable[Any], name: str) -> str:
    """The row of this name; without its number where the file has none (a city brings it)."""
    number = next((k for k, row in enumerate(rows, start=1) if row.name == name), None)
    return f'[[{section}]] "{name}"' if number is None else list_row(section, number, name)


def key_place(way: tuple[str | int, ...], data: Any) -> str:
    """[section], `key`; [measure.wall]; first [[sites]] "metro", second `openings`, `width_m`.

    way : keys, and numbers of list rows from 0;  data : the file's tables, in which rows have their
    names.
    """
    words: list[str] = []
    keys: list[str] = []
    for part in way:
        data = _inside(data, part)
        if isinstance(part, str):
            keys.append(part)
            continue
        owner = keys.pop() if keys else ""
        words += [_tables(keys, words)] if keys else []
        name = data.get("name") if isinstance(data, dict) else None
        words.append(_row(owner, part + 1, name, top=not words))
        keys = []
    if keys:
        if isinstance(data, dict) and not words and len(keys) <= NAMED_DEPTH:
            return _tables(keys, words)
        last = keys.pop()
        if keys and not words:
            words.append(_tables(keys, words))
            keys = []
        words.append(f"`{'.'.join([*keys, last])}`")
    return ", ".join(words)


def _inside(data: Any, part: str | int) -> Any:
    try:
        return data[part]
    except (KeyError, IndexError, TypeError):
        return None


def _tables(keys: list[str], words: list[str]) -> str:
    return f"`{'.'.join(keys)}`" if words else f"[{'.'.join(keys)}]"


def _row(owner: str, number: int, name: Any, top: bool) -> str:
    if top:
        return list_row(owner, number, name)
    listed = f"`{owner}`" if owner else "value"
    return f"{ordinal(number)} {listed}" + (f' "{name}"' if name else "")
