"""The reference of scenario keys, written from the schema itself: `python -m flood_sim.scenario.document > docs/scenario.md` (a test compares)."""

from __future__ import annotations

import sys

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from flood_sim.scenario.loader import allowed_values, models_in
from flood_sim.scenario.schema import ScenarioSpec

HEAD = """# Scenario files

A scenario is a TOML file. Keys end in their unit; times carry their offset; an unknown key is an error. `extends = "base.toml"` takes another file's keys and
replaces what this one names. Paths are relative to the file and stay below its folder (`--allow-path DIR` allows another). This page is generated from the schema.
"""


def document() -> str:
    """Markdown tables of every section and key."""
    lines = [HEAD, *_table("top level", ScenarioSpec)]
    for name, field in ScenarioSpec.model_fields.items():
        for model in models_in(field.annotation):
            kind = model.model_fields.get("kind")
            options = getattr(kind.annotation, "__args__", ()) if kind else ()
            title = f"[{name}]" + (f' kind = "{options[0]}"' if options else "")
            lines += _table(
                title.replace("[boundaries]", "[[boundaries]]").replace("[structures]", "[[structures]]").replace("[facilities]", "[[facilities]]"),
                model,
            )
    return "\n".join(lines) + "\n"


def _table(title: str, model: type[BaseModel]) -> list[str]:
    lines = ["", f"## {title}", "", "| key | default | allowed |", "|---|---|---|"]
    for name, field in model.model_fields.items():
        if name == "kind":
            continue
        default = "required" if field.default is PydanticUndefined else f"`{field.default!r}`" if not isinstance(field.default, BaseModel) else ""
        lines.append(f"| `{field.alias or name}` | {default} | {allowed_values(model, field.alias or name).replace('|', '/')} |")
    return lines


if __name__ == "__main__":
    sys.stdout.write(document())
