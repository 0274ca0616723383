"""Verbs of the command line that list what comes with the program: storms, kinds of measures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from flood_sim.cli.results import Json


def storms(
    name: Annotated[str | None, typer.Argument(help="list the intervals of this storm")] = None,
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture",
            help="draw it into this PNG file; without NAME: all of them into this folder",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Storms of the library: their sums, which intervals are reported and which are filled in."""
    from flood_sim.core.errors import input_error, nearest
    from flood_sim.ground.daily_storms import library, storm_lines, storm_rows

    known = library()
    if name is not None and name not in known:
        raise input_error(
            "E104",
            "storms",
            f"no such storm{nearest(name, known)}",
            given=name,
            allowed=", ".join(known),
        )
    chosen = list(known.values()) if name is None else [known[name]]
    if as_json:
        typer.echo(json.dumps([_storm_document(s) for s in chosen], ensure_ascii=False))
    else:
        for storm in chosen:
            typer.echo("\n".join(storm_lines(storm)))
        for row in storm_rows(chosen[0]) if name is not None else []:
            typer.echo(
                f"  until {row['end']:<28}{row['depth_mm']:9.3f} mm "
                f" {'reported' if row['reported'] else ''}"
            )
    if picture is not None:
        for storm in chosen:
            target = picture if name is not None else picture / f"{storm.name}.png"
            _draw_storm(storm, target)
            typer.echo(f"picture: {target}", err=True)


def _storm_document(storm: Any) -> dict[str, Any]:
    from flood_sim.ground.daily_storms import storm_rows

    return {
        "name": storm.name,
        "note": storm.note,
        "source": storm.rain.source,
        "intervals": storm_rows(storm),
    }


def _draw_storm(storm: Any, target: Path) -> None:
    from flood_sim.analysis.pictures.storms import storm_picture
    from flood_sim.analysis.pictures.style import save_figure

    rain = storm.rain
    save_figure(
        storm_picture(storm.name, rain.time_s, rain.cumulative_m, storm.reported, storm.note),
        target,
    )


def measures(
    kind: Annotated[str | None, typer.Argument(help="explain this kind")] = None,
    costs: Annotated[
        bool, typer.Option("--costs", help="list the unit costs with their sources")
    ] = False,
    as_json: Json = False,
) -> None:
    """Kinds of measures of the six projects: list them, or explain one."""
    from flood_sim.core.errors import input_error, nearest
    from flood_sim.measures import PROJECTS
    from flood_sim.measures.describe import cost_lines, explained, kinds
    from flood_sim.measures.registry import KINDS

    if kind is not None and kind not in KINDS:
        raise input_error(
            "E104",
            "measures",
            f"no such kind{nearest(kind, KINDS)}",
            given=kind,
            allowed=", ".join(KINDS),
        )
    if kind is not None:
        lines = explained(kind)
        typer.echo(
            json.dumps({"kind": kind, "lines": lines}, ensure_ascii=False)
            if as_json
            else "\n".join(lines)
        )
        return
    rows = kinds()
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for project, chinese in PROJECTS.items():
        mine = [row for row in rows if row["project"] == project]
        typer.echo(f"{project} {chinese}" + ("" if mine else ": not implemented yet"))
        for row in mine:
            typer.echo(f"  {row['kind']:<26}{row['summary']} ({row['chinese']})")
    for line in cost_lines() if costs else []:
        typer.echo(line)
