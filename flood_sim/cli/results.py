"""Verbs of the command line that read result folders: report, explain, trace, section, compare."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flood_sim.analysis.network import Network

ResultFolder = Annotated[Path, typer.Argument(help="result folder (report: or a study's)")]
Json = Annotated[bool, typer.Option("--json", help="one JSON document on standard output")]


def report(
    folders: Annotated[
        list[Path],
        typer.Argument(
            help=(
                "result folders of one grid, a study's folder, an audit's; one page of all goes"
                " into the first"
            )
        ),
    ],
    limits: Annotated[
        str | None,
        typer.Option(
            "--limits",
            help="limits and curves of consequences: china, or a TOML file; absent: international",
        ),
    ] = None,
    animation: Annotated[
        bool, typer.Option("--animation", help="and report/flood.gif of the frames of each run")
    ] = False,
    pdf: Annotated[
        bool,
        typer.Option(
            "--pdf", help="and the page as PDF, printed by a Chromium or Chrome of this machine"
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Draw the pictures of result folders into their report/, and one page (report.html) of
    everything named: runs, a study, an audit.
    """
    from flood_sim.analysis.html.page import print_pdf
    from flood_sim.analysis.pictures.animation import animate
    from flood_sim.results import open_results
    from flood_sim.study.report import is_run, write_report

    pictures, unfinished = [], list[Path]()
    for folder in filter(is_run, folders):
        pictures.append(draw(folder, limits))
        unfinished += [folder] if open_results(folder).status == "unfinished" else []
        if animation:
            animate(open_results(folder), pictures[-1] / "flood.gif")
    page = write_report(*folders) if not unfinished else None
    printed = print_pdf(page) if pdf and page is not None else None
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "page": str(page) if page else None,
                    "pdf": str(printed) if printed else None,
                    "pictures": [str(p) for p in pictures],
                }
            )
        )
        return
    for path in pictures:
        typer.echo(f"pictures: {path}")
    for made in (page, printed):
        if made is not None:
            typer.echo(f"page: {made}")
    if page is None:
        typer.echo(f"no page: a run is not finished (flood-sim run --resume {unfinished[0]})")


def explain(
    folder: ResultFolder,
    node: Annotated[str, typer.Argument(help="node of the network")],
    as_json: Json = False,
) -> None:
    """Say why a node of the network floods: pipe, pump, outfall, blockage or inlets."""
    from flood_sim.analysis.network import explain as reasons

    lines = reasons(_network(folder), node)
    typer.echo(
        json.dumps({"node": node, "lines": lines}, ensure_ascii=False)
        if as_json
        else "\n".join(lines)
    )


def trace(
    folder: ResultFolder,
    node: Annotated[str, typer.Argument(help="node of the network")],
    as_json: Json = False,
) -> None:
    """List the inlets that feed a node, by what they took from the street."""
    from flood_sim.analysis.network import trace as feeding

    rows = feeding(_network(folder), node)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    total = sum(row["captured_m3"] for row in rows)
    typer.echo(
        f"{node} is fed by {sum(row['inlets'] for row in rows)} inlets at {len(rows)} nodes, which"
        f" took {total:.1f} m3 from the street"
    )
    for row in rows[:20]:
        typer.echo(
            f"  {row['node']:<16} {row['captured_m3']:10.1f} m3  {row['inlets']:3d} inlets "
            f" {row['distance_m']:7.0f} m upstream"
        )
    if len(rows) > 20:
        typer.echo(f"  ... and {len(rows) - 20} more (--json lists all)")


def section(
    folder: ResultFolder,
    node: Annotated[str, typer.Argument(help="upper node of the run of pipes")],
    to: Annotated[str | None, typer.Option("--to", help="lower node; absent: the outfall")] = None,
    as_json: Json = False,
) -> None:
    """Draw the long section of a run of pipes with the street over it."""
    from flood_sim.analysis.pictures.long_section import long_section
    from flood_sim.analysis.pictures.style import save_figure

    figure = long_section(_network(folder), node, to)
    target = save_figure(
        figure, folder / "report" / f"section_{_file_name(node)}_{_file_name(to or 'outfall')}.png"
    )
    typer.echo(json.dumps({"picture": str(target)}) if as_json else f"picture: {target}")


def _network(folder: Path) -> Network:
    from flood_sim.analysis.network import open_network
    from flood_sim.results import open_results

    return open_network(open_results(folder))


def _file_name(text: str) -> str:
    """A node's name as part of a file's: what is no letter, digit, dash or dot becomes a dash."""
    return "".join(c if c.isalnum() or c in "-." else "-" for c in text)


def load_drawing() -> None:
    """Import what `draw` needs."""
    import flood_sim.analysis.report  # noqa: F401
    from flood_sim.analysis.pictures.style import pyplot

    pyplot()


def draw(folder: Path, limits: str | None = None) -> Path:
    """Pictures into report/, and consequences.json. A picture that failed is told."""
    from flood_sim.analysis.limits.files import read_limits
    from flood_sim.analysis.report import draw_report, not_drawn
    from flood_sim.results import open_results

    target = draw_report(open_results(folder), None if limits is None else read_limits(limits))
    for name, why in not_drawn(folder).items():
        typer.echo(f"not drawn: {name}: {why}", err=True)
    return target


def compare(
    before: ResultFolder,
    after: Annotated[Path | None, typer.Argument(help="second result folder")] = None,
    observed: Annotated[
        Path | None,
        typer.Option(
            "--observed",
            help=(
                "instead: CSV of marks (x_m, y_m, depth_m or level_m) or series (time, gauge,"
                " depth_m or stage_m)"
            ),
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Set two results side by side, or one beside what was observed: figures, what changed, a map
    in the (second) folder's report/.
    """
    from flood_sim.results import open_results

    if (after is None) == (observed is None):
        raise typer.BadParameter("give a second result folder, or --observed FILE")
    if after is not None:
        from flood_sim.analysis.compare import compare as compared
        from flood_sim.analysis.pictures.style import save_figure

        both = compared(open_results(before), open_results(after))
        target = save_figure(both.picture(), after / "report" / "compare.png")
        rows = {"rows": both.rows, "changed": both.changed_inputs, "picture": str(target)}
        typer.echo(
            json.dumps(rows, ensure_ascii=False)
            if as_json
            else "\n".join([*both.lines(), f"picture: {target}"])
        )
    elif observed is not None:
        from flood_sim.analysis.observed import observed_marks, residual_picture
        from flood_sim.analysis.pictures.style import save_figure

        results = open_results(before)
        found = observed_marks(results, observed)
        lines = [
            f"  {r['name']:<24} observed {r['observed']:7.3f}  computed {r['computed']:7.3f}  error"
            f" {r['error']:+.3f} m"
            for r in found.rows
        ]
        lines.append(
            ", ".join(f"{k} {'-' if v is None else f'{v:.4g}'}" for k, v in found.figures().items())
        )
        lines += [str(finding) for finding in found.findings]
        if found.kind == "marks":
            picture = before / "report" / "residuals.png"
            lines.append(f"picture: {save_figure(residual_picture(results, found), picture)}")
        typer.echo(
            json.dumps({"rows": found.rows, "figures": found.figures()}, ensure_ascii=False)
            if as_json
            else "\n".join(lines)
        )
