"""The font of a page: the shipped one, cut to the characters that the page shows, inside the page.
A browser without Chinese fonts then shows it as any other does.
"""

from __future__ import annotations

import html
import io

from flood_sim.analysis.html.data_url import address
from flood_sim.analysis.pictures.style import FONT

ALWAYS = "".join(chr(code) for code in range(0x20, 0x7F))  # scripts write digits and dates


def embedded_font(page: str) -> str:
    """A data address of the font with what `page` shows, as WOFF; characters that the font lacks
    are left to the browser.

    The same page gives the same bytes: the font's own date stays.
    """
    from fontTools import subset
    from fontTools.ttLib import TTFont

    options = subset.Options()
    options.hinting, options.layout_features, options.notdef_outline = False, [], True
    options.name_IDs = [0, 1, 2, 13, 14]  # its licence goes with it
    font = TTFont(FONT, recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text=ALWAYS + "".join(set(html.unescape(page))))
    cutter.subset(font)
    font.flavor = "woff"
    stream = io.BytesIO()
    font.save(stream)
    return address("font/woff", stream.getvalue())
