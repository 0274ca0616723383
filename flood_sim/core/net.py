"""What the process says when nothing else can speak: streams that fail, arguments that are no
names, refusals of the system, faults of our own.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

LONGEST_NAME, LONGEST_PATH = 255, 4095  # bytes, of Linux
SHOWN = 200  # characters of an unexpected error
OWN_PROCESS = (
    False  # the command line sets it where the process is its own: nobody else's program is ended
)


def tell(text: str) -> None:
    """A message on standard error; where even that is refused there is nobody to tell, and the exit
    code speaks.
    """
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(printable(text) + "\n")
        sys.stderr.flush()


def printable(text: str) -> str:
    """Without characters that steer a terminal: they come from names in foreign files."""
    return "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text
    )


def refuse_odd(arguments: Sequence[str]) -> None:
    """Raises InputError for arguments that can be no name of anything: empty, too long for a file,
    bytes that are no text, zero bytes.
    """
    odd, before = [], ""
    for word in arguments:
        place, value = (
            (word.partition("=")[0], word.partition("=")[2])
            if word.startswith("--") and "=" in word
            else (before or "command line", word)
        )
        problem = _odd(value)
        if problem:
            odd.append((place, problem, value))
        before = word if word.startswith("--") else ""
    if odd:
        from flood_sim.core.errors import Finding, InputError

        raise InputError(
            [
                Finding(
                    "E104",
                    place,
                    problem,
                    given=repr(value[:60]),
                    do="give a name, or leave the option out",
                )
                for place, problem, value in odd
            ]
        )


def _odd(value: str) -> str:
    if not value.strip():
        return "an empty text is no name"
    if "\0" in value:
        return "a name holds no zero bytes"
    try:
        raw = value.encode()
    except UnicodeEncodeError:
        return "this is no text in UTF-8: rename the file or folder"
    if len(raw) > LONGEST_PATH or max(map(len, raw.split(b"/"))) > LONGEST_NAME:
        return f"this is too long for a name: {len(raw)} bytes"
    return ""


def fault(error: BaseException, words: Sequence[str]) -> str:
    """One line about an error that nobody foresaw; its traceback goes into the log of a result
    folder that is named, else into a file of its own.
    """
    import traceback

    text = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(":")[:SHOWN]
    whole = "".join(traceback.format_exception(error))
    where = _kept(f"flood-sim {' '.join(words[1:])}\n{whole}", words)
    if where is None:
        frame = traceback.extract_tb(error.__traceback__)[-1:]
        where = "; ".join(f"line {f.lineno} of {f.filename}" for f in frame) or "nowhere"
        return (
            f"E901 flood_sim: unexpected error ({text}) at {where}; this is a fault of flood_sim;"
            " please report it with the output of `flood-sim doctor`"
        )
    return (
        f"E901 flood_sim: unexpected error ({text}); this is a fault of flood_sim; the traceback is"
        f" in {where}; please report it with the output of `flood-sim doctor`"
    )


def _kept(text: str, words: Sequence[str]) -> str | None:
    """Where the traceback lies; None where no place takes it."""
    import tempfile

    for word in words[1:]:
        log = os.path.join(word, "log.txt")
        if word and "\0" not in word and os.path.isfile(log) and not os.path.islink(log):
            with (
                contextlib.suppress(OSError),
                open(log, "a", encoding="utf-8", errors="backslashreplace") as file,
            ):
                file.write(text)
                return log
    for folder in (None, os.path.join(os.path.expanduser("~"), ".cache")):
        with contextlib.suppress(OSError):
            number, path = tempfile.mkstemp(".log", "flood_sim-fault-", folder)
            with open(number, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return path
    return None


def open_streams() -> None:
    """The three standard streams are there: else the first file that is opened takes the place of
    one, and a library's messages go into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:  # what is written to a closed output shall fail, not vanish
            opened = os.open(os.devnull, os.O_WRONLY if number == 2 else os.O_RDONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")  # Chinese names on a terminal that has none


def close_streams(code: int) -> int:
    """Write out what waits in the streams; returns the exit code. So that the interpreter finds
    nothing to complain of at its end.
    """
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = code or 141
    except OSError as error:
        if code == 0:
            from flood_sim.core.files.writing import refusal

            tell(refusal(OSError(error.errno, error.strerror, "standard output")) or str(error))
            code = 3
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, number)
            os.close(nowhere)
    return code
