"""Pictures of a page as SVG text: bars with ticks, circles of interactions, dots of a frontier,
curves, bands. Colours are those of `pictures/style.py`; they never tell by red and green alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from flood_sim.analysis.pictures.style import (
    GAIN,
    GREY,
    INK,
    LINE,
    LOSS,
    LOSS_EDGE,
    PAPER,
    SERIES,
)

WIDTH = 760.0  # of a picture; heights follow from what is in it


class Bar(NamedTuple):
    """A project: its gain, as the first and as the last that is built; low, high : spread."""

    name: str
    value: float
    first: float
    last: float
    shown: str
    low: float | None = None
    high: float | None = None


class Dot(NamedTuple):
    """A portfolio."""

    cost: float
    loss: float
    label: str


class _Plane:
    """Axes of a picture: values from (0, low) to (last, high) inside margins."""

    def __init__(self, height: float, left: float, last: float, low: float, high: float) -> None:
        self.height, self.left, self.right = height, left, WIDTH - 20.0
        self.top, self.floor = 26.0, height - 46.0
        self._last, self._low, self._span = last, low, (high - low) or 1.0

    def x(self, value: float) -> float:
        return self.left + value / self._last * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.floor - (value - self._low) / self._span * (self.floor - self.top)

    def at(self, x: float, y: float) -> str:
        return f"{self.x(x):.1f},{self.y(y):.1f}"

    def grid(self, x_said: Callable[[float], str], y_said: Callable[[float], str]) -> list[str]:
        """Five lines across, and the values at the ends of four equal parts of each axis."""
        parts = []
        for k in range(5):
            across, up = self._last * k / 4, self._low + self._span * k / 4
            x, y = self.x(across), self.y(up)
            parts += [
                _text(x, self.floor + 18.0, x_said(across), anchor="middle", size=11, colour=GREY),
                _text(self.left - 6.0, y + 4.0, y_said(up), anchor="end", size=11, colour=GREY),
                f'<line x1="{self.left:g}" x2="{self.right:g}" y1="{y:.1f}" y2="{y:.1f}"'
                f' stroke="{LINE}"/>',
            ]
        return parts

    def titles(self, x_title: str, y_title: str) -> list[str]:
        return [
            _text(self.right, self.floor + 33.0, x_title, anchor="end", size=11),
            _text(self.left, self.top - 10.0, y_title, size=11),
        ]

    def names(self, names: Sequence[str]) -> list[str]:
        """The key under the picture, each name in its line's colour."""
        return [
            _text(
                self.left + 8.0 + 190.0 * k, self.height - 6.0, name, colour=_series(k), bold=True
            )
            for k, name in enumerate(names)
        ]


def bars(rows: Sequence[Bar], label: str) -> str:
    """Horizontal bars of values with thin ticks where the project comes first and last, whiskers
    where there is a spread.
    """
    ends = [v for r in rows for v in (r.value, r.first, r.last, r.low, r.high) if v is not None]
    least, most = min([0.0, *ends]), max([0.0, *ends])
    left, right, step = 210.0, 110.0, 30.0
    height = step * len(rows) + 34.0

    def at(v: float) -> float:
        return left + (v - least) / (most - least or 1.0) * (WIDTH - left - right)

    parts = [_open(WIDTH, height, label), _upright(at(0.0), 4.0, height - 26.0, GREY)]
    for k, row in enumerate(rows):
        y = 8.0 + step * k
        parts.append(_text(left - 8.0, y + 14.0, row.name, anchor="end"))
        parts += _bar(row, y, at)
        parts.append(_text(WIDTH - right + 8.0, y + 14.0, row.shown))
    parts.append(_text(left, height - 6.0, "| alone 单独   ¦ last 最后", size=11, colour=GREY))
    return "".join([*parts, "</svg>"])


def _bar(row: Bar, y: float, at: Callable[[float], float]) -> list[str]:
    x0, x1 = sorted((at(0.0), at(row.value)))
    hatch = f' stroke="{LOSS_EDGE}" stroke-dasharray="3 2"' if row.value < 0 else ""
    parts = [
        f'<rect x="{x0:.1f}" y="{y:.1f}" width="{max(x1 - x0, 0.5):.1f}" height="18"'
        f' fill="{GAIN if row.value >= 0 else LOSS}"{hatch}/>'
    ]
    for tick, dash in ((row.first, ""), (row.last, ' stroke-dasharray="2 2"')):
        parts.append(_upright(at(tick), y - 3.0, y + 21.0, INK, f' stroke-width="1.5"{dash}'))
    if row.low is not None and row.high is not None:
        parts.append(
            f'<line x1="{at(row.low):.1f}" x2="{at(row.high):.1f}" y1="{y + 9:.1f}"'
            f' y2="{y + 9:.1f}" stroke="{INK}" stroke-width="3" opacity="0.5"/>'
        )
    return parts


def circles(names: Sequence[str], table: Sequence[Sequence[float]], label: str) -> str:
    """Matrix of pairs: area of the circle by strength, + where they need each other, - where they
    replace each other.
    """
    n, cell, left, top = len(names), 62.0, 190.0, 30.0
    most = max((abs(v) for row in table for v in row), default=0.0) or 1.0
    parts = [_open(left + cell * n + 10.0, top + cell * n + 10.0, label)]
    for i, name in enumerate(names):
        middle = left + cell * (i + 0.5)
        parts.append(_text(left - 8.0, top + cell * (i + 0.55), name, anchor="end"))
        parts.append(_text(middle, top - 10.0, str(i + 1), anchor="middle", colour=GREY))
        for j in range(n):
            x, y = left + cell * (j + 0.5), top + cell * (i + 0.5)
            parts.append(
                f'<rect x="{x - cell / 2:.1f}" y="{y - cell / 2:.1f}" width="{cell:g}"'
                f' height="{cell:g}" fill="none" stroke="{LINE}"/>'
            )
            if i != j:
                parts += _circle(x, y, 0.46 * cell * (abs(table[i][j]) / most) ** 0.5, table[i][j])
    return "".join([*parts, "</svg>"])


def _circle(x: float, y: float, radius: float, value: float) -> list[str]:
    disc = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"'
        f' fill="{GAIN if value >= 0 else LOSS}" opacity="0.75"/>'
    )
    if radius <= 5.0:
        return [disc]
    sign = "+" if value > 0 else "−"
    return [disc, _text(x, y + 4.0, sign, anchor="middle", size=14, colour=PAPER, bold=True)]


def dots(
    portfolios: Sequence[Dot],
    frontier: Sequence[int],
    hull: Sequence[int],
    x_title: str,
    y_title: str,
    label: str,
) -> str:
    """Portfolios by cost and loss; the frontier as steps, its hull bold (numbers of portfolios)."""
    losses = [p.loss for p in portfolios]
    dearest = max(p.cost for p in portfolios) or 1.0
    plane = _Plane(390.0, 90.0, dearest, min(losses), max(losses))
    steps, before = [], None
    for p in (portfolios[i] for i in frontier):
        steps += [plane.at(p.cost, p.loss if before is None else before), plane.at(p.cost, p.loss)]
        before = p.loss
    bold = [plane.at(portfolios[i].cost, portfolios[i].loss) for i in hull]
    parts = [
        _open(WIDTH, plane.height, label),
        *plane.grid(short, short),
        _line(steps, GREY, 1.0),
        _line(bold, GAIN, 2.5),
    ]
    for i, p in enumerate(portfolios):
        on = i in frontier
        parts.append(
            f'<circle cx="{plane.x(p.cost):.1f}" cy="{plane.y(p.loss):.1f}"'
            f' r="{5 if on else 3.5:g}" fill="{GAIN if on else PAPER}"'
            f' stroke="{GAIN if on else GREY}">'
            f"<title>{escape(p.label)}</title></circle>"
        )
    return "".join([*parts, *plane.titles(x_title, y_title), "</svg>"])


def curves(
    series: Sequence[tuple[str, Sequence[float], Sequence[float], str]],
    x_title: str,
    y_title: str,
    label: str,
    most: float | None = None,
) -> str:
    """Lines over hours: name, hours, values, dash. Values are shares (0 to 1, shown in %), or from
    0 to `most`.
    """
    last = max((max(hours) for _, hours, _, _ in series if len(hours)), default=1.0) or 1.0
    plane = _Plane(260.0, 60.0, last, 0.0, most or 1.0)

    def level(value: float) -> str:
        return f"{100.0 * value:.0f} %" if most is None else short(value)

    parts = [_open(WIDTH, plane.height, label), *plane.grid(lambda h: f"{h:.3g}", level)]
    for k, (_, hours, values, dash) in enumerate(series):
        points = [plane.at(h, v) for h, v in zip(hours, values, strict=True)]
        parts.append(_line(points, _series(k), 2.0, dash))
    names = plane.names([name for name, _, _, _ in series])
    return "".join([*parts, *names, *plane.titles(x_title, y_title), "</svg>"])


def bands(
    groups: Sequence[tuple[str, Sequence[tuple[float, float, float, float, float, float]]]],
    x_title: str,
    y_title: str,
    label: str,
) -> str:
    """Failure envelopes: of each portfolio the share failed with lowest, 5 %, mean, 95 %, highest:
    band, mean bold, extremes thin.
    """
    levels = [row for _, rows in groups for row in rows]
    last = max((row[0] for row in levels), default=1.0) or 1.0
    most = max((row[5] for row in levels), default=1.0) or 1.0
    plane = _Plane(320.0, 90.0, last, 0.0, most)
    parts = [
        _open(WIDTH, plane.height, label),
        *plane.grid(lambda share: f"{100 * share:.3g} %", short),
    ]
    for k, (_, rows) in enumerate(groups):
        low, high = ([plane.at(row[0], row[column]) for row in rows] for column in (2, 4))
        band = " ".join([*low, *reversed(high)])
        parts.append(f'<polygon points="{band}" fill="{_series(k)}" opacity="0.18"/>')
        for column, wide in ((1, 0.8), (3, 2.4), (5, 0.8)):
            points = [plane.at(row[0], row[column]) for row in rows]
            parts.append(_line(points, _series(k), wide))
    names = plane.names([name for name, _ in groups])
    return "".join([*parts, *names, *plane.titles(x_title, y_title), "</svg>"])


def round_up(value: float) -> float:
    """The next number whose quarters are short: the end of an axis."""
    size = 10.0 ** math.floor(math.log10(value)) if value > 0.0 else 1.0
    return next(
        (size * step for step in (1.0, 1.2, 1.6, 2.0, 3.0, 4.0, 6.0, 8.0) if size * step >= value),
        10.0 * size,
    )


def short(value: float | None) -> str:
    """A number as people read it: no more digits than it can bear."""
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 1e9:
        return f"{value / 1e9:.3g} bn"
    if size >= 1e6:
        return f"{value / 1e6:.3g} M"
    return f"{value:,.0f}" if size >= 100.0 else f"{value:.3g}"


def _series(number: int) -> str:
    return SERIES[number % len(SERIES)]


def _open(width: float, height: float, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img"'
        f' aria-label="{escape(label, quote=True)}" xmlns="http://www.w3.org/2000/svg">'
    )


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    size: float = 12,
    colour: str = INK,
    bold: bool = False,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{colour}"'
        f' font-weight="{"bold" if bold else "normal"}">{escape(text)}</text>'
    )


def _line(points: Sequence[str], colour: str, wide: float, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}"'
        f' stroke-width="{wide:g}"{dashes}/>'
    )


def _upright(x: float, top: float, foot: float, colour: str, more: str = "") -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{foot:.1f}" stroke="{colour}"{more}/>'
    )
