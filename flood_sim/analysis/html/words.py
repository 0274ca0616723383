"""Texts of a page in two languages: both are in the page, its language button shows one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from markupsafe import Markup, escape


class Words(NamedTuple):
    """One text in English and in Chinese."""

    en: str
    zh: str


def both(text: str | Words) -> Words:
    """A name of the user's is the same in both."""
    return text if isinstance(text, Words) else Words(text, text)


def joined(texts: Iterable[str | Words], en: str = ", ", zh: str = "、") -> Words:
    """A list as one text, with the separator of each language."""
    pairs = [both(text) for text in texts]
    return Words(en.join(p.en for p in pairs), zh.join(p.zh for p in pairs))


def spans(text: str | Words) -> Markup:
    """A text as HTML, escaped: one span a language, none where both are equal."""
    words = both(text)
    if words.en == words.zh:
        return escape(words.en)
    html = '<span class="en">{}</span><span class="zh">{}</span>'
    return Markup(html).format(*words)  # noqa: S704 (format escapes what it fills in)


def short(value: float | None) -> str:
    """A number as people read it: no more digits than it can bear."""
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if size >= 1e9:
        return f"{_few(value / 1e9)} bn"
    if size >= 1e6:
        return f"{_few(value / 1e6)} M"
    return _few(value)


def figure(value: float | None) -> Words:
    """Large numbers by the names of each language: Chinese has one for 1e4, and for 1e8."""
    words = short(value)
    if value is None or not math.isfinite(value) or abs(value) < 1e6:
        return both(words)
    unit, name = (1e8, "亿") if abs(value) >= 1e8 else (1e4, "万")
    return Words(words, f"{_few(value / unit)} {name}")


def _few(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100.0 else f"{value:.3g}"


# Units as a page writes them; those that are not here are symbols in both languages.
UNITS = {
    "1": Words("", ""),
    "CNY": Words("CNY", "元"),
    "EUR": Words("EUR", "欧元"),
    "m2": Words("m²", "m²"),
    "m3": Words("m³", "m³"),
    "h": Words("h", "小时"),
    "ha h": Words("ha h", "公顷·小时"),
    "ha": Words("ha", "公顷"),
    "persons": Words("persons", "人"),
    "person min": Words("person min", "人·分钟"),
    "person h": Words("person h", "人·小时"),
}


def unit_words(unit: str) -> Words:
    """A unit of the table of outcomes, or of a plugin."""
    return UNITS.get(unit, both(unit))


def money_words(amount: float, currency: str) -> Words:
    """Millions of a currency."""
    unit, millions = unit_words(currency), f"{amount / 1e6:.1f}"
    return Words(f"{millions} M {unit.en}", f"{millions} 百万{unit.zh}")


def with_unit(text: str | Words, unit: str) -> Words:
    """ "depth, m"; the text alone where the unit is a count."""
    words, shown = both(text), unit_words(unit)
    if not shown.en:
        return words
    return Words(f"{words.en}, {shown.en}", f"{words.zh}，{shown.zh}")
