"""Pictures of a page: bars with ticks, circles of interactions, dots of a frontier, curves, bands.
They never tell by red and green alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from flood_sim.analysis.html import svg
from flood_sim.analysis.html.svg import FOOT, WIDTH, Plane, line, text, upright
from flood_sim.analysis.html.words import Words, both, figure
from flood_sim.analysis.pictures.style import GAIN, GREY, INK, LINE, LOSS, LOSS_EDGE, PAPER

ALONE = Words("built alone", "单独实施")
LAST = Words("built last", "最后实施")
SPREAD = Words("spread of the worlds tried", "各次抽样的范围")
DASHED = ' stroke-dasharray="2 2"'
CELL = 46.0  # of a matrix


class Bar(NamedTuple):
    """A project: its gain, as the first and as the last that is built; low, high : spread."""

    name: str | Words
    value: float
    first: float
    last: float
    shown: str | Words
    low: float | None = None
    high: float | None = None


class Dot(NamedTuple):
    """A portfolio."""

    cost: float
    loss: float
    label: str | Words


def bars(rows: Sequence[Bar], label: str | Words) -> str:
    """Horizontal bars of values, each below its name, with thin ticks where the project comes first
    and last, and a spread where there is one.
    """
    ends = [v for r in rows for v in (r.value, r.first, r.last, r.low, r.high) if v is not None]
    least, most = min([0.0, *ends]), max([0.0, *ends])
    step, left, right = 42.0, 8.0, WIDTH - 8.0

    def at(v: float) -> float:
        return left + (v - least) / (most - least or 1.0) * (right - left)

    parts = [upright(at(0.0), 4.0, step * len(rows), GREY)]
    for k, row in enumerate(rows):
        y = step * k
        parts.append(text(left, y + 14.0, row.name))
        parts.append(text(right, y + 14.0, row.shown, anchor="end", bold=True))
        parts += _bar(row, y + 21.0, at)
    entries = [
        (upright(13.0, 0.0, 12.0, INK, ' stroke-width="1.5"'), ALONE),
        (upright(13.0, 0.0, 12.0, INK, f' stroke-width="1.5"{DASHED}'), LAST),
    ]
    if any(row.low is not None for row in rows):
        entries.append((svg.mark(INK, 3.0), SPREAD))
    shown, tall = svg.key(entries, step * len(rows) + 4.0)
    return svg.picture(WIDTH, step * len(rows) + 4.0 + tall, label, [*parts, *shown])


def _bar(row: Bar, y: float, at: Callable[[float], float]) -> list[str]:
    x0, x1 = sorted((at(0.0), at(row.value)))
    hatch = f' stroke="{LOSS_EDGE}" stroke-dasharray="3 2"' if row.value < 0 else ""
    parts = [
        f'<rect x="{x0:.1f}" y="{y:.1f}" width="{max(x1 - x0, 0.5):.1f}" height="14"'
        f' fill="{GAIN if row.value >= 0 else LOSS}"{hatch}/>'
    ]
    for tick, dash in ((row.first, ""), (row.last, DASHED)):
        parts.append(upright(at(tick), y - 3.0, y + 17.0, INK, f' stroke-width="1.5"{dash}'))
    if row.low is not None and row.high is not None:
        parts.append(
            f'<line x1="{at(row.low):.1f}" x2="{at(row.high):.1f}" y1="{y + 7:.1f}"'
            f' y2="{y + 7:.1f}" stroke="{INK}" stroke-width="3" opacity="0.5"/>'
        )
    return parts


def circles(
    names: Sequence[str | Words], table: Sequence[Sequence[float]], label: str | Words
) -> str:
    """Matrix of pairs: area of the circle by strength, + where they need each other, - where they
    replace each other. Columns are numbered as the rows are.
    """
    rows = [(k + 1, name) for k, name in enumerate(names)]
    numbered = [Words(f"{k} {w.en}", f"{k} {w.zh}") for k, w in ((k, both(n)) for k, n in rows)]
    left, top = 16.0 + max((svg.length(n) for n in numbered), default=0.0), 26.0
    most = max((abs(v) for row in table for v in row), default=0.0) or 1.0
    parts = []
    for i, name in enumerate(numbered):
        middle = left + CELL * (i + 0.5)
        parts.append(text(left - 8.0, top + CELL * (i + 0.55), name, anchor="end"))
        parts.append(text(middle, top - 8.0, str(i + 1), anchor="middle", colour=GREY))
        for j in range(len(names)):
            x, y = left + CELL * (j + 0.5), top + CELL * (i + 0.5)
            parts.append(
                f'<rect x="{x - CELL / 2:.1f}" y="{y - CELL / 2:.1f}" width="{CELL:g}"'
                f' height="{CELL:g}" fill="none" stroke="{LINE}"/>'
            )
            if i != j:
                parts += _circle(x, y, 0.46 * CELL * (abs(table[i][j]) / most) ** 0.5, table[i][j])
    wide, tall = left + CELL * len(names) + 10.0, top + CELL * len(names) + 10.0
    return svg.picture(max(wide, WIDTH), tall, label, parts)


def _circle(x: float, y: float, radius: float, value: float) -> list[str]:
    disc = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"'
        f' fill="{GAIN if value >= 0 else LOSS}" opacity="0.75"/>'
    )
    if radius <= 5.0:
        return [disc]
    sign = "+" if value > 0 else "−"
    return [disc, text(x, y + 4.0, sign, anchor="middle", size=14, colour=PAPER, bold=True)]


def dots(
    portfolios: Sequence[Dot],
    frontier: Sequence[int],
    hull: Sequence[int],
    titles: tuple[str | Words, str | Words],
    label: str | Words,
) -> str:
    """Portfolios by cost and loss; the frontier as steps, its hull bold (numbers of portfolios).
    titles : of the axes of cost and of loss
    """
    losses = [p.loss for p in portfolios]
    across = svg.rounded(0.0, max(p.cost for p in portfolios))
    plane = Plane(270.0, across, svg.rounded(min(losses), max(losses)))
    steps, before = [], None
    for p in (portfolios[i] for i in frontier):
        steps += [plane.at(p.cost, p.loss if before is None else before), plane.at(p.cost, p.loss)]
        before = p.loss
    bold = [plane.at(portfolios[i].cost, portfolios[i].loss) for i in hull]
    parts = [
        *plane.grid(figure, figure, *titles),
        line(steps, GREY, 1.0),
        line(bold, GAIN, 2.5),
        *(_dot(plane, p, i in frontier) for i, p in enumerate(portfolios)),
    ]
    entries = [
        (svg.mark(GAIN, 2.5), Words("best value for money", "性价比最高的次序")),
        (svg.mark(GREY, 1.0), Words("least loss for its cost", "同等投资损失最小")),
        (_disc(13.0, 6.0, False), Words("another portfolio", "其他方案组合")),
    ]
    shown, tall = svg.key(entries, plane.floor + FOOT)
    return svg.picture(WIDTH, plane.floor + FOOT + tall, label, [*parts, *shown])


def _dot(plane: Plane, portfolio: Dot, best: bool) -> str:
    return _disc(plane.x(portfolio.cost), plane.y(portfolio.loss), best, portfolio.label)


def _disc(x: float, y: float, best: bool, title: str | Words = "") -> str:
    told = f"<title>{escape(' / '.join(dict.fromkeys(both(title))))}</title>" if title else ""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4.5 if best else 3.2:g}"'
        f' fill="{GAIN if best else PAPER}" stroke="{GAIN if best else GREY}">{told}</circle>'
    )


def curves(
    series: Sequence[tuple[str | Words, Sequence[float], Sequence[float], str]],
    x_title: str | Words,
    y_title: str | Words,
    label: str | Words,
    most: float | None = None,
) -> str:
    """Lines over hours: name, hours, values, dash. Values are shares (0 to 1, shown in %), or from
    0 to `most`. One line alone needs no key.
    """
    last = max((max(hours) for _, hours, _, _ in series if len(hours)), default=1.0) or 1.0
    up = [0.0, 0.25, 0.5, 0.75, 1.0] if most is None else svg.rounded(0.0, most)
    plane = Plane(170.0, svg.hours(last), up, last)

    def level(value: float) -> str | Words:
        return f"{100.0 * value:.0f} %" if most is None else figure(value)

    parts = plane.grid(lambda h: f"{h:.4g}", level, x_title, y_title)
    for k, (_, hours, values, dash) in enumerate(series):
        points = [plane.at(h, v) for h, v in zip(hours, values, strict=True)]
        parts.append(line(points, svg.series(k), 2.0, dash))
    entries = [
        (svg.mark(svg.series(k), dash=dash), name) for k, (name, _, _, dash) in enumerate(series)
    ]
    shown, tall = svg.key(entries if len(entries) > 1 else [], plane.floor + FOOT)
    return svg.picture(WIDTH, plane.floor + FOOT + tall, label, [*parts, *shown])


def bands(
    groups: Sequence[tuple[str | Words, Sequence[tuple[float, float, float, float, float, float]]]],
    x_title: str | Words,
    y_title: str | Words,
    label: str | Words,
) -> str:
    """Failure envelopes: of each portfolio the share failed with lowest, 5 %, mean, 95 %, highest:
    band, mean bold, extremes thin.
    """
    levels = [row for _, rows in groups for row in rows]
    last = max((row[0] for row in levels), default=1.0) or 1.0
    most = max((row[5] for row in levels), default=1.0) or 1.0
    across = [s for s in svg.rounded(0.0, last) if s <= last + 1e-9]
    plane = Plane(230.0, across, svg.rounded(0.0, most), last)
    parts = plane.grid(lambda share: f"{100 * share:.3g} %", figure, x_title, y_title)
    for k, (_, rows) in enumerate(groups):
        low, high = ([plane.at(row[0], row[column]) for row in rows] for column in (2, 4))
        band = " ".join([*low, *reversed(high)])
        parts.append(f'<polygon points="{band}" fill="{svg.series(k)}" opacity="0.18"/>')
        for column, wide in ((1, 0.8), (3, 2.4), (5, 0.8)):
            points = [plane.at(row[0], row[column]) for row in rows]
            parts.append(line(points, svg.series(k), wide, DASHES[k % len(DASHES)]))
    entries = [
        (svg.mark(svg.series(k), 2.4, DASHES[k % len(DASHES)]), name)
        for k, (name, _) in enumerate(groups)
    ]
    shown, tall = svg.key(entries, plane.floor + FOOT)
    return svg.picture(WIDTH, plane.floor + FOOT + tall, label, [*parts, *shown])


DASHES = ("", "6 4", "2 3", "10 3", "10 3 2 3", "1 2")  # lines differ by more than their colour
