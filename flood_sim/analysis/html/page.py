"""A report's context to one HTML file: the template beside it, everything escaped; and to a PDF,
where a browser is at hand.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from flood_sim.analysis.html.font import embedded_font
from flood_sim.analysis.html.words import figure, spans
from flood_sim.analysis.pictures import style
from flood_sim.core.errors import input_error
from flood_sim.core.files.durable import write_bytes, write_text
from flood_sim.core.files.writing import writing

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
PRINT_LIMIT_S = 120.0
FONT_PLACE = "the-font-comes-here"
# What a page can show; a part that is not there is left out.
EMPTY: dict[str, Any] = {
    "headline": [], "sure": None, "standards": None, "viewer": None, "entries": [], "buying": [],
    "findings": [], "unknown": [], "language": "en",
    "envelopes": [], "curves": [], "ledgers": None, "caveats": [], "runs": [], "missing": [],
}  # fmt: skip


def render(context: dict[str, Any], target: Path) -> Path:
    """Write the page: title, about, and any of the parts of EMPTY. Texts are escaped; pictures
    drawn here are not.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["figure"] = lambda value: spans(figure(value))
    environment.filters["said"] = spans
    environment.filters["svg"] = Markup  # drawn by svg.py, with its texts escaped
    text = environment.get_template("page.html.j2").render(
        **EMPTY | context, font=FONT_PLACE, style=style
    )
    # The quotes are the template's own: those of a title are escaped.
    text = text.replace(f'"{FONT_PLACE}"', f'"{embedded_font(text)}"', 1)
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        return write_text(target, text)


def print_pdf(page: Path) -> Path:
    """The page as PDF beside it, printed by a browser of this machine. Raises InputError where
    there is none, or it fails.
    """
    browser = next((b for b in map(shutil.which, BROWSERS) if b), None)
    if browser is None:
        raise input_error(
            "E101",
            "--pdf",
            "no browser that prints was found",
            allowed=", ".join(BROWSERS),
            do=f"open {page} and print it to a file",
        )
    target = page.with_suffix(".pdf")
    with writing(target), tempfile.TemporaryDirectory() as profile:
        printed = Path(profile) / "page.pdf"
        root = (
            ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
        )  # root has no sandbox
        command = [
            browser,
            "--headless",
            *root,
            "--disable-gpu",
            f"--user-data-dir={profile}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={printed}",
        ]
        try:
            subprocess.run(
                [*command, page.resolve().as_uri()],
                check=True,
                capture_output=True,
                timeout=PRINT_LIMIT_S,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise input_error(
                "E101",
                "--pdf",
                f"the browser did not print: {error}",
                do=f"open {page} and print it to a file",
            ) from error
        return write_bytes(target, printed.read_bytes())
