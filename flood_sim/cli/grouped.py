"""Commands whose options are the fields of a frozen class."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from typing import Any, get_type_hints


def grouped(kind: type) -> Callable[[Callable[[Any], None]], Callable[..., None]]:
    """Make a command of a function that takes one dataclass: typer sees its fields, with their
    annotations and defaults, as arguments and options.
    """
    hints = get_type_hints(kind, include_extras=True)
    parameters = [
        inspect.Parameter(
            f.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=_default_of(f),
            annotation=hints[f.name],
        )
        for f in dataclasses.fields(kind)
    ]

    def made(function: Callable[[Any], None]) -> Callable[..., None]:
        @functools.wraps(function)
        def command(**given: Any) -> None:
            function(kind(**given))

        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = dict(hints)
        del command.__wrapped__
        return command

    return made


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return inspect.Parameter.empty
