"""Pictures of a report as SVG text: bars with ticks, circles of interactions, dots of a frontier,
curves. Colours never tell by red and green alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

GAIN, LOSS, GREY, LINE = "#1f6fb2", "#c8102e", "#6b7280", "#d5d9e0"
COLOURS = (GAIN, LOSS, GREY, "#b7791f")


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
    colour: str = "#111827",
    weight: str = "normal",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{colour}"'
        f' font-weight="{weight}">{escape(text)}</text>'
    )


def bars(
    names: Sequence[str],
    values: Sequence[float],
    first: Sequence[float],
    last: Sequence[float],
    shown: Sequence[str],
    label: str,
    low: Sequence[float] | None = None,
    high: Sequence[float] | None = None,
) -> str:
    """Horizontal bars of values with thin ticks where the project comes first and last, whiskers
    where there is a spread.
    """
    everything = [0.0, *values, *first, *last, *(low or []), *(high or [])]
    least, most = min(everything), max(everything)
    span = most - least or 1.0
    left, right, step = 210.0, 110.0, 30.0
    width, height = 760.0, step * len(names) + 34.0

    def at(v: float) -> float:
        return left + (v - least) / span * (width - left - right)

    parts = [
        _open(width, height, label),
        f'<line x1="{at(0):.1f}" x2="{at(0):.1f}" y1="4" y2="{height - 26:.1f}" stroke="{GREY}"/>',
    ]
    for k, name in enumerate(names):
        y, v = 8.0 + step * k, values[k]
        x0, x1 = sorted((at(0.0), at(v)))
        parts.append(_text(left - 8.0, y + 14.0, name, anchor="end"))
        hatch = ' stroke="#7a0f1d" stroke-dasharray="3 2"' if v < 0 else ""
        parts.append(
            f'<rect x="{x0:.1f}" y="{y:.1f}" width="{max(x1 - x0, 0.5):.1f}" height="18"'
            f' fill="{GAIN if v >= 0 else LOSS}"{hatch}/>'
        )
        for tick, dash in ((first[k], ""), (last[k], ' stroke-dasharray="2 2"')):
            parts.append(
                f'<line x1="{at(tick):.1f}" x2="{at(tick):.1f}" y1="{y - 3:.1f}" y2="{y + 21:.1f}"'
                f' stroke="#111827" stroke-width="1.5"{dash}/>'
            )
        if low is not None and high is not None:
            parts.append(
                f'<line x1="{at(low[k]):.1f}" x2="{at(high[k]):.1f}" y1="{y + 9:.1f}"'
                f' y2="{y + 9:.1f}" stroke="#111827" stroke-width="3" opacity="0.5"/>'
            )
        parts.append(_text(width - right + 8.0, y + 14.0, shown[k], size=12))
    parts.append(_text(left, height - 6.0, "| alone 单独   ¦ last 最后", size=11, colour=GREY))
    return "".join([*parts, "</svg>"])


def circles(names: Sequence[str], table: Sequence[Sequence[float]], label: str) -> str:
    """Matrix of pairs: area of the circle by strength, + where they need each other, - where they
    replace each other.
    """
    n, cell, left, top = len(names), 62.0, 190.0, 30.0
    most = max((abs(v) for row in table for v in row), default=0.0) or 1.0
    width, height = left + cell * n + 10.0, top + cell * n + 10.0
    parts = [_open(width, height, label)]
    for i in range(n):
        parts.append(_text(left - 8.0, top + cell * (i + 0.55), names[i], anchor="end"))
        parts.append(
            _text(left + cell * (i + 0.5), top - 10.0, str(i + 1), anchor="middle", colour=GREY)
        )
        for j in range(n):
            x, y = left + cell * (j + 0.5), top + cell * (i + 0.5)
            parts.append(
                f'<rect x="{x - cell / 2:.1f}" y="{y - cell / 2:.1f}" width="{cell:g}"'
                f' height="{cell:g}" fill="none" stroke="{LINE}"/>'
            )
            if i != j:
                v = table[i][j]
                radius = 0.46 * cell * (abs(v) / most) ** 0.5
                parts.append(
                    f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"'
                    f' fill="{GAIN if v >= 0 else LOSS}" opacity="0.75"/>'
                )
                if radius > 5.0:
                    parts.append(
                        _text(
                            x,
                            y + 4.0,
                            "+" if v > 0 else "−",
                            anchor="middle",
                            colour="white",
                            weight="bold",
                            size=14,
                        )
                    )
    return "".join([*parts, "</svg>"])


def dots(
    cost: Sequence[float],
    loss: Sequence[float],
    marked: Sequence[int],
    hull: Sequence[int],
    labels: Sequence[str],
    x_title: str,
    y_title: str,
    label: str,
) -> str:
    """Portfolios by cost and loss; the frontier as steps, its hull bold."""
    width, height, left, bottom, top = 760.0, 390.0, 90.0, 50.0, 26.0
    most_x, low_y, high_y = max(cost) or 1.0, min(loss), max(loss)
    span = (high_y - low_y) or 1.0

    def x(v: float) -> float:
        return left + v / most_x * (width - left - 30.0)

    def y(v: float) -> float:
        return top + (high_y - v) / span * (height - bottom - top - 14.0) + 7.0

    parts = [_open(width, height, label)]
    for k in range(5):
        value, level = most_x * k / 4, low_y + span * k / 4
        parts += [
            _text(
                x(value),
                height - bottom + 20.0,
                short(value),
                anchor="middle",
                size=11,
                colour=GREY,
            ),
            _text(left - 8.0, y(level) + 4.0, short(level), anchor="end", size=11, colour=GREY),
            (
                f'<line x1="{left:g}" x2="{width - 30:g}" y1="{y(level):.1f}" y2="{y(level):.1f}"'
                f' stroke="{LINE}"/>'
            ),
        ]
    steps = " ".join(
        f"{'L' if k else 'M'}{x(cost[i]):.1f},{y(loss[marked[k - 1]] if k else loss[i]):.1f}"
        f" L{x(cost[i]):.1f},{y(loss[i]):.1f}"
        for k, i in enumerate(marked)
    )
    parts.append(f'<path d="{steps}" fill="none" stroke="{GREY}"/>')
    bold = " ".join(
        f"{'L' if k else 'M'}{x(cost[i]):.1f},{y(loss[i]):.1f}" for k, i in enumerate(hull)
    )
    parts.append(f'<path d="{bold}" fill="none" stroke="{GAIN}" stroke-width="2.5"/>')
    for i, (c, v) in enumerate(zip(cost, loss, strict=True)):
        on = i in marked
        fill = GAIN if on else "white"
        parts.append(
            f'<circle cx="{x(c):.1f}" cy="{y(v):.1f}" r="{5 if on else 3.5:g}" fill="{fill}"'
            f' stroke="{GAIN if on else GREY}"><title>{escape(labels[i])}</title></circle>'
        )
    parts += [
        _text(0.5 * (left + width), height - 8.0, x_title, anchor="middle"),
        _text(left, top - 4.0, y_title, size=12),
    ]
    return "".join([*parts, "</svg>"])


def curves(
    series: Sequence[tuple[str, Sequence[float], Sequence[float], str]],
    x_title: str,
    y_title: str,
    label: str,
    most: float | None = None,
    last: float | None = None,
) -> str:
    """Lines over hours: name, hours, values, dash. Values are shares (0 to 1, shown in %), or from
    0 to `most`.
    """
    width, height, left, bottom, top = 760.0, 260.0, 60.0, 44.0, 20.0
    last = max((max(hours) for _, hours, _, _ in series if len(hours)), default=1.0) or 1.0
    full = most or 1.0

    def x(v: float) -> float:
        return left + v / last * (width - left - 20.0)

    def y(v: float) -> float:
        return top + (1.0 - v / full) * (height - bottom - top)

    parts = [_open(width, height, label)]
    for k in range(5):
        level = full * k / 4
        parts += [
            _text(
                x(last * k / 4),
                height - bottom + 18.0,
                f"{last * k / 4:.3g}",
                anchor="middle",
                size=11,
                colour=GREY,
            ),
            _text(
                left - 6.0,
                y(level) + 4.0,
                f"{25 * k} %" if most is None else short(level),
                anchor="end",
                size=11,
                colour=GREY,
            ),
            (
                f'<line x1="{left:g}" x2="{width - 20:g}" y1="{y(level):.1f}" y2="{y(level):.1f}"'
                f' stroke="{LINE}"/>'
            ),
        ]
    for number, (name, hours, values, dash) in enumerate(series):
        path = " ".join(
            f"{'L' if k else 'M'}{x(h):.1f},{y(v):.1f}"
            for k, (h, v) in enumerate(zip(hours, values, strict=True))
        )
        colour = COLOURS[number % len(COLOURS)]
        parts.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"'
            f' stroke-dasharray="{dash}"/>'
        )
        parts.append(
            _text(
                left + 8.0 + 190.0 * number,
                height - 6.0,
                name,
                size=12,
                colour=colour,
                weight="bold",
            )
        )
    parts += [
        _text(width - 20.0, height - bottom + 32.0, x_title, anchor="end", size=11),
        _text(left, top - 8.0, y_title, size=11),
    ]
    return "".join([*parts, "</svg>"])


def bands(
    groups: Sequence[tuple[str, Sequence[tuple[float, float, float, float, float, float]]]],
    x_title: str,
    y_title: str,
    label: str,
) -> str:
    """Failure envelopes: of each portfolio the share failed with lowest, 5 %, mean, 95 %, highest:
    band, mean bold, extremes thin.
    """
    width, height, left, bottom, top = 760.0, 320.0, 90.0, 44.0, 20.0
    levels = [row for _, rows in groups for row in rows]
    last, most = (
        max((row[0] for row in levels), default=1.0) or 1.0,
        max((row[5] for row in levels), default=1.0) or 1.0,
    )

    def at(share: float, value: float) -> str:
        x = left + share / last * (width - left - 20.0)
        y = top + (1.0 - value / most) * (height - bottom - top)
        return f"{x:.1f},{y:.1f}"

    parts = [_open(width, height, label)]
    for k in range(5):
        x, y = at(last * k / 4, most * k / 4).split(",")
        parts += [
            _text(
                float(x),
                height - bottom + 18.0,
                f"{100 * last * k / 4:.3g} %",
                anchor="middle",
                size=11,
                colour=GREY,
            ),
            _text(
                left - 6.0, float(y) + 4.0, short(most * k / 4), anchor="end", size=11, colour=GREY
            ),
            f'<line x1="{left:g}" x2="{width - 20:g}" y1="{y}" y2="{y}" stroke="{LINE}"/>',
        ]
    for number, (name, rows) in enumerate(groups):
        colour = COLOURS[number % len(COLOURS)]
        band = [at(row[0], row[2]) for row in rows] + [at(row[0], row[4]) for row in reversed(rows)]
        parts.append(f'<polygon points="{" ".join(band)}" fill="{colour}" opacity="0.18"/>')
        for column, wide in ((1, 0.8), (3, 2.4), (5, 0.8)):
            points = " ".join(at(row[0], row[column]) for row in rows)
            parts.append(
                f'<polyline points="{points}" fill="none" stroke="{colour}"'
                f' stroke-width="{wide:g}"/>'
            )
        parts.append(
            _text(
                left + 8.0 + 190.0 * number,
                height - 6.0,
                name,
                size=12,
                colour=colour,
                weight="bold",
            )
        )
    parts += [
        _text(width - 20.0, height - bottom + 32.0, x_title, anchor="end", size=11),
        _text(left, top - 8.0, y_title, size=11),
    ]
    return "".join([*parts, "</svg>"])


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
