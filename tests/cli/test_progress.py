"""What a run says while it works: a line with a bar on a terminal, plain lines elsewhere, nothing
where it is told to be quiet.
"""

import io
import os
import pty
import re
import sys
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from flood_sim.cli.progress import Moving, clock_text
from flood_sim.core.clock import Clock

SCENARIO = SimpleNamespace(spec=SimpleNamespace(duration_s=3600.0))
CLOCK = Clock(datetime(2021, 7, 20, 16, tzinfo=UTC), 3600.0, 5.0, 60.0)


def at(time_s, error=1e-9):
    """A simulation at some second, as far as the line looks at it: four cells of 1 ha, two wet."""
    surface = SimpleNamespace(
        depth=np.array([0.0, 0.04, 0.06, 0.52]),
        steps=int(time_s),
        grid=SimpleNamespace(cell_area_m2=1e4),
    )
    ledger = SimpleNamespace(relative_error=error)
    return SimpleNamespace(time_s=time_s, clock=CLOCK, surface=surface, ledger=ledger)


@pytest.fixture
def clock(monkeypatch):
    """The wall clock: ten seconds at each look, so that every line is due."""
    seconds = iter(range(0, 10_000, 10))
    monkeypatch.setattr("flood_sim.cli.progress.time.monotonic", lambda: float(next(seconds)))


def spoken(monkeypatch, columns, quiet=False, error=1e-9):
    """What a terminal of so many columns gets of a run at 0, 900 and 1,800 s, and one line said."""
    ours, theirs = pty.openpty()
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm-256color")
    with open(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        moving = Moving(SCENARIO, quiet)
        for time_s in (0.0, 900.0, 1800.0):
            moving.step(at(time_s, error))
        moving.say("results: out")
        terminal.write("|")
        terminal.flush()
        text = b""
        while b"|" not in text:
            text += os.read(ours, 65536)
    os.close(ours)
    return text.decode()


def plain(text):
    """Without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_on_a_terminal_one_line_moves(clock, monkeypatch):
    text = spoken(monkeypatch, 110)
    first, last = plain(text).replace("\r\n", "\n").split("\r")[1:]
    second, rest = last.split("\n", 1)
    assert first.startswith("20 Jul 16:15:00") and " 25%" in first
    assert second.startswith("20 Jul 16:30:00  ━") and " 50%" in second and len(second) == 109
    for words in ("ETA 0:", "wet 2.0 ha", "error 1e-09", "deepest 0.52 m", "steps/s"):
        assert words in second
    assert rest.startswith("results: out\n")  # on a line of its own
    assert "\x1b[36m" in text and "\x1b[31m" not in text  # a bar in colour
    assert "\x1b[31m" in spoken(monkeypatch, 110, error=0.02)  # an error that is too large: red


def test_a_narrow_terminal_gets_what_fits(clock, monkeypatch):
    line = plain(spoken(monkeypatch, 60)).replace("\r\n", "\n").split("\r")[2].split("\n")[0]
    assert len(line) == 59 and "16:30:00" in line and "ETA" in line and "━" in line
    assert "steps/s" not in line and "deepest" not in line


def test_elsewhere_there_are_plain_lines(clock, monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    moving = Moving(SCENARIO, False)
    for time_s in (0.0, 900.0, 1800.0):
        moving.step(at(time_s))
    first, second = log.getvalue().splitlines()
    assert first.startswith("20 Jul 16:15:00   25%  ETA ") and second.startswith("20 Jul 16:30:00")
    assert second.split("ETA")[1].split("s  ", 1)[1].startswith("wet 2.0 ha  deepest 0.52 m  error")
    assert not {"\r", "\x1b", "━"} & set(log.getvalue())


def test_who_is_quiet_says_nothing(clock, monkeypatch):
    assert spoken(monkeypatch, 110, quiet=True) == "|"


def test_times_left():
    assert [clock_text(s) for s in (7.4, 65.0, 3661.0, float("nan"))] == [
        "0:07",
        "1:05",
        "1:01:01",
        "-:--",
    ]
