"""What the pictures of a page are made of, as SVG text: words, lines, axes with round numbers, the
key below. Texts are there in both languages; colours are those of `pictures/style.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from flood_sim.analysis.html.words import Words, both
from flood_sim.analysis.pictures.style import GREY, INK, LINE, SERIES

WIDTH = 480.0  # of a picture: a telephone shows it whole, with letters of 9 pixels
LARGEST = 1.3  # times WIDTH on a wide page
TOP, FOOT, KEY_ROW = 26.0, 40.0, 18.0  # over the axes; below them; a row of the key
HOURS = (
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.0,
    3.0,
    6.0,
    12.0,
    24.0,
    48.0,
    96.0,
    240.0,
)  # steps of a time axis
MOST_STEPS = 6


def rounded(low: float, high: float) -> list[float]:
    """Round numbers at equal steps, the first at or below `low`, the last at or above `high`."""
    high = high if high > low else low + (abs(low) or 1.0)
    span = high - low
    size = 10.0 ** math.floor(math.log10(span / 4.0))
    step = next(size * k for k in (1.0, 2.0, 2.5, 5.0, 10.0) if size * k >= 0.999 * span / 4.0)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * k for k in range(first, max(last, first + 1) + 1)]


def hours(last: float) -> list[float]:
    """Round hours from 0 to at most `last`."""
    step = next((s for s in HOURS if last / s <= MOST_STEPS), last)
    return [step * k for k in range(int(last / step + 1e-9) + 1)]


def length(text: str | Words, size: float = 12.0) -> float:
    """About how wide a text is, at most: Chinese letters are square, others half as wide."""
    return max(sum(1.0 if c >= "\u2e80" else 0.56 for c in t) for t in both(text)) * size


class Plane:
    """Axes of a picture: values from (0, low) to (last, high) inside margins; ticks of both."""

    def __init__(
        self, tall: float, across: Sequence[float], up: Sequence[float], last: float | None = None
    ) -> None:
        self.left, self.right, self.top, self.floor = 62.0, WIDTH - 26.0, TOP, TOP + tall
        self._across, self._up = across, up
        self._last = (last if last is not None else across[-1]) or 1.0
        self._low, self._span = up[0], (up[-1] - up[0]) or 1.0

    def x(self, value: float) -> float:
        return self.left + value / self._last * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.floor - (value - self._low) / self._span * (self.floor - self.top)

    def at(self, x: float, y: float) -> str:
        return f"{self.x(x):.1f},{self.y(y):.1f}"

    def grid(
        self,
        x_said: Callable[[float], str | Words],
        y_said: Callable[[float], str | Words],
        x_title: str | Words,
        y_title: str | Words,
    ) -> list[str]:
        """A line at each tick, the values beside them, the titles of the axes."""
        parts = []
        for across in self._across:
            x = self.x(across)
            parts += [
                upright(x, self.top, self.floor, LINE),
                text(x, self.floor + 16.0, x_said(across), anchor="middle", size=11, colour=GREY),
            ]
        for up in self._up:
            y = self.y(up)
            parts += [
                text(self.left - 6.0, y + 4.0, y_said(up), anchor="end", size=11, colour=GREY),
                f'<line x1="{self.left:g}" x2="{self.right:g}" y1="{y:.1f}" y2="{y:.1f}"'
                f' stroke="{LINE}"/>',
            ]
        return [
            *parts,
            text(self.right, self.floor + 33.0, x_title, anchor="end"),
            text(8.0, self.top - 12.0, y_title),
        ]


def key(entries: Sequence[tuple[str, str | Words]], top: float) -> tuple[list[str], float]:
    """Marks (26 wide, 12 high, drawn from 0, 0) with their names, in rows below `top`; and how high
    they are together.
    """
    parts, x, y = [], 8.0, top + 14.0
    for mark, name in entries:
        wide = 32.0 + length(name)
        if x > 8.0 and x + wide > WIDTH:
            x, y = 8.0, y + KEY_ROW
        parts.append(f'<g transform="translate({x:.1f} {y - 10.0:.1f})">{mark}</g>')
        parts.append(text(x + 32.0, y, name))
        x += wide + 14.0
    return parts, y - top + 8.0 if entries else 0.0


def mark(colour: str, wide: float = 2.0, dash: str = "") -> str:
    """A line as its mark in the key."""
    return line(["0,6", "26,6"], colour, wide, dash)


def series(number: int) -> str:
    return SERIES[number % len(SERIES)]


def picture(wide: float, tall: float, label: str | Words, parts: Sequence[str]) -> str:
    """The whole picture; label : what it shows, for those who do not see it."""
    words = both(label)
    en, zh = (escape(words.en, quote=True), escape(words.zh, quote=True))
    return (
        f'<svg viewBox="0 0 {wide:g} {tall:g}" style="max-width:{LARGEST * wide:.0f}px" role="img"'
        f' aria-label="{en}" data-en="{en}" data-zh="{zh}"'
        f' xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def text(
    x: float,
    y: float,
    said: str | Words,
    *,
    anchor: str = "start",
    size: float = 12,
    colour: str = INK,
    bold: bool = False,
) -> str:
    """A text; of two languages two, of which the page shows one."""
    words = both(said)
    told = [("", words.en)] if words.en == words.zh else [("en", words.en), ("zh", words.zh)]
    return "".join(
        f'<text{f" class={chr(34)}{language}{chr(34)}" if language else ""} x="{x:.1f}"'
        f' y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{colour}"'
        f' font-weight="{"bold" if bold else "normal"}">{escape(one)}</text>'
        for language, one in told
    )


def line(points: Sequence[str], colour: str, wide: float, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}"'
        f' stroke-width="{wide:g}"{dashes}/>'
    )


def upright(x: float, top: float, foot: float, colour: str, more: str = "") -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{foot:.1f}" stroke="{colour}"{more}/>'
    )
