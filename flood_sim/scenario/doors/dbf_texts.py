"""Texts of a shapefile: in which encoding its `.cpg` or its header says they are, and whether their
bytes agree.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from glob import escape
from pathlib import Path

import numpy as np

from flood_sim.core.errors import input_error
from flood_sim.core.files.csv_files import is_chinese
from flood_sim.scenario.doors.map_files import BYTE_FOR_BYTE
from flood_sim.scenario.doors.map_source import MapSource

# the language byte of a DBF's header; 0x03 and 0x57 are written without a thought, and say nothing
LANGUAGES = {
    0x01: "cp437", 0x02: "cp850", 0x13: "cp932", 0x4D: "gbk", 0x4E: "cp949", 0x4F: "big5",
    0x64: "cp852", 0x65: "cp866", 0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253",
}  # fmt: skip
LANGUAGE_AT = 29  # its place in the header
THREE_BYTES = "\u0800"  # from here on UTF-8 takes three: Chinese, Japanese, Korean
LONGEST_CPG = 64  # bytes


def names_as_meant(source: MapSource, names: list[str]) -> dict[str, str]:
    """Names of fields as they are meant, to how the map library has them."""
    shapefile = source.path.suffix.lower() == ".shp"
    meant = meant_texts(source, names)[0] if shapefile else {}
    return {meant.get(name, name): name for name in names}


def texts_as_meant(source: MapSource, values: list[np.ndarray]) -> tuple[list[np.ndarray], str]:
    """Columns with texts as they are meant, and their encoding for the user."""
    if source.path.suffix.lower() != ".shp":
        return values, ""
    raw = {
        text for v in values if v.dtype == object for text in v.tolist() if isinstance(text, str)
    }
    meant, said = meant_texts(source, raw)
    if not meant:
        return values, ""
    turned = [
        np.array([meant.get(text, text) for text in v.tolist()], object) if v.dtype == object else v
        for v in values
    ]
    return turned, f", {said}"


def meant_texts(source: MapSource, raw: Iterable[str]) -> tuple[dict[str, str], str]:
    """Texts that were read byte for byte, to what they mean; and the encoding, "" where all is
    ASCII. Raises InputError (E246) where the file says another encoding than its bytes have.
    """
    texts = {text for text in raw if not text.isascii()}
    if not texts:
        return {}, ""
    found = [text.encode(BYTE_FOR_BYTE) for text in texts]
    codec, who = _stated(source)
    seems = _seems(found)
    if not codec:
        codec, who = seems or "cp1252", "not stated"
    elif seems and not _agree(codec, seems, found):
        raise _other(source, who, f"they read as {seems.upper()}", seems)
    elif not _all_in(found, codec):
        raise _other(source, who, f"they are no text in {codec.upper()}", seems or "the right one")
    meant = {text: _decoded(text.encode(BYTE_FOR_BYTE), codec) or text for text in texts}
    return meant, f"texts in {codec.upper()} ({who})"


def _stated(source: MapSource) -> tuple[str, str]:
    """Codec and who names it; "" where nobody does. Raises InputError for a word that is none."""
    for beside in _beside(source.path, ".cpg"):
        with beside.open("rb") as file:
            word = file.read(LONGEST_CPG).decode("ascii", errors="replace").strip("\ufeff \r\n\0")
        if word:
            return _codec(source, beside, word), f"{beside.name} says {word}"
    with next(_beside(source.path, ".dbf")).open("rb") as file:
        head = file.read(LANGUAGE_AT + 1)
    codec = LANGUAGES.get(head[LANGUAGE_AT], "") if len(head) > LANGUAGE_AT else ""
    return codec, f"the header of the .dbf says {codec.upper()}"


def _beside(path: Path, ending: str) -> Iterator[Path]:
    """Files of a shapefile with an ending, in small or capital letters."""
    there = path.parent.glob(f"{escape(path.stem)}.*")
    return (p for p in there if p.suffix.lower() == ending)


def _codec(source: MapSource, beside: Path, word: str) -> str:
    """`UTF-8`, `65001`, `ANSI 936`, `CP1252`, `88591`, `GBK` to a codec of Python."""
    number = re.search(r"(\d{3,5})\s*$", word)
    names = [word, word.replace(" ", "-")]
    if number:
        names += [{"65001": "utf-8"}.get(number[1], f"cp{number[1]}")]
        names += [f"iso8859-{number[1][4:]}"] if number[1].startswith("8859") else []
    for name in names:
        try:
            codec = codecs.lookup(name).name
            return "gbk" if codec == "gb2312" else codec  # what is called so has GBK's signs, too
        except LookupError:
            continue
    raise input_error(
        "E246",
        source.name,
        f"{beside.name} names an encoding that is not known",
        given=repr(word)[:40],
        allowed="UTF-8, GBK, Big5, 1252 and other code pages",
        do=f"write the right one into {beside.name}, or export the layer as a GeoPackage",
    )


def _decoded(text: bytes, codec: str) -> str | None:
    """None where it is no text of that encoding; a sign that the field's width cut is left out."""
    try:
        return codecs.getincrementaldecoder(codec)().decode(text, final=False)
    except UnicodeDecodeError:
        return None


def _all_in(found: list[bytes], codec: str) -> bool:
    return all(_decoded(text, codec) is not None for text in found)


def _seems(found: list[bytes]) -> str:
    """The encoding that the bytes speak for, "" where they speak for none."""
    if _all_in(found, "utf-8") and not (_of_many_scripts(found) and _all_in(found, "gb2312")):
        return "utf-8"
    return "gbk" if is_chinese(b" ".join(found)) and _all_in(found, "gbk") else ""


def _of_many_scripts(found: list[bytes]) -> bool:
    """Whether a text is of several scripts as UTF-8: two Chinese signs of GBK can be four bytes
    that make a Hebrew and an Armenian letter.
    """
    for text in found:
        signs = [sign for sign in _decoded(text, "utf-8") or "" if not sign.isascii()]
        if len({unicodedata.name(sign, "?").split()[0] for sign in signs}) > 1:
            return max(signs) < THREE_BYTES
    return False


def _agree(codec: str, seems: str, found: list[bytes]) -> bool:
    """Whether a stated encoding may be right where the bytes speak for another. Bytes of two by two
    are many languages'; four of GBK can be UTF-8 by chance, but never signs of three bytes.
    """
    if codec == seems:
        return True
    wide = len(_decoded(b"\xa1\xa1", codec) or "??") == 1  # whether two bytes are one sign
    if seems == "utf-8":
        signs = "".join(_decoded(text, "utf-8") or "" for text in found)
        return wide and max(signs) < THREE_BYTES
    return wide or codec not in ("iso8859-1", "cp1252", "utf-8")


def _other(source: MapSource, who: str, problem: str, seems: str) -> Exception:
    return input_error(
        "E246",
        source.name,
        f"its texts are in another encoding than it says: {problem}",
        given=who,
        allowed="a .cpg that names the encoding of the .dbf",
        do=f"write {seems.upper() if seems.isascii() else seems} into {source.path.stem}.cpg, or"
        " export the layer as a GeoPackage",
    )
