"""Commands of the command line that the kernel holds to what they need (flood_sim/core/sandbox.py),
once their arguments are read.
"""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from flood_sim.core import net


class Held(TyperGroup):
    """A group of commands; `flood-sim study run` is known as "study run"."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As the group does it; the command is held before it does anything."""
        name, command, rest = super().resolve_command(ctx, args)
        words = [
            str(word) for word in ([ctx.info_name, name] if ctx.parent is not None else [name])
        ]
        return name, _held(command, " ".join(words)), rest


def _held(command: Any, words: str) -> Any:
    inner = command.invoke

    def invoke(ctx: Any) -> Any:
        from flood_sim.core import sandbox  # here: --help stays quick

        if net.OWN_PROCESS:
            sandbox.arm()
        sandbox.enter(words, ctx.params)
        with sandbox.told():
            return inner(ctx)

    command.invoke = invoke
    return command
