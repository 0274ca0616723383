"""The folder of a study: runs by key, what asked for them, a lock, and the catalogue made from
them. The folders are the truth.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flood_sim.core.errors import InputError, OutputError, input_error
from flood_sim.core.files.durable import remove_parts, write_beside, write_bytes
from flood_sim.core.files.folder_lock import held, process_alive
from flood_sim.core.files.plain_folder import plain_name
from flood_sim.study.child import is_complete

LOCK, STUDY = "study.lock", "study.json"
CATALOGUE, OUTCOMES, LOG = "catalogue.parquet", "outcomes.parquet", "runs_log.parquet"
TRY_AGAIN = (
    "died",
    "timeout",
    "stopped",
)  # the process, the time, the machine; wrong input and a model that fails stay as they are
ATTRIBUTION, ENVELOPE, AUDIT, LEAD_TIME = (
    "attribution.json",
    "envelope.json",
    "audit.json",
    "lead_time.json",
)


class Store:
    """One study's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs, self.asked = folder / "runs", folder / "asked"

    def prepare(self) -> None:
        """Make the folders. Raises InputError where they cannot be made or other files are here."""
        present = {p.name for p in self.folder.iterdir()} if self.folder.is_dir() else set()
        if present and not present & {"runs", LOCK, STUDY}:
            raise input_error(
                "E111",
                str(self.folder),
                "this folder holds other files",
                given=", ".join(sorted(present)[:4]),
                do="give an empty or new --out",
            )
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
            self.asked.mkdir(exist_ok=True)
        except OSError as error:
            raise input_error(
                "E111",
                str(self.folder),
                f"the folder cannot be written: {error.strerror}",
                do="give another --out",
            ) from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Held by one parent. Raises InputError where another one lives; OutputError for what
        cannot be written while it is held.
        """
        with held(self.folder, LOCK, "study"):
            remove_parts(self.folder)
            remove_parts(self.asked)
            try:
                yield
            except OSError as error:
                raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> OutputError:
        place = (
            Path(str(error.filename)) if isinstance(error.filename, (str, Path)) else self.folder
        )
        place = self.folder if place.absolute().is_relative_to(self.folder.absolute()) else place
        begun = (self.folder / STUDY).is_file()  # an audit and a lead time have none
        way = f"go on: flood-sim study resume {self.folder}" if begun else "give the command again"
        return OutputError(
            f"E602 {place}: what the study needs there cannot be written or read: {error}\n  do    "
            f"    free space or give the folder back, then {way}"
        )

    def sweep(self) -> int:
        """Remove what killed runs of this host left half done; how many."""
        gone = 0
        for side in self.runs.glob("*.tmp-*"):
            host, _, rest = side.name.partition(".tmp-")[2].removesuffix("-damaged").rpartition("-")
            if host == socket.gethostname() and not (
                rest.isdigit() and process_alive(int(rest), side.stat().st_mtime)
            ):
                shutil.rmtree(side, ignore_errors=True)
                gone += 1
        return gone

    def answer(self, identity: str) -> dict[str, Any] | None:
        """What a run came to, where it is there: its record; None where it is to be run, also where
        the record or the run is damaged.
        """
        try:
            record = json.loads((self.asked / f"{identity}.json").read_text(encoding="utf-8"))
            if record["status"] != "complete":
                return dict(record) if isinstance(record["message"], str) else None
            return (
                dict(record)
                if isinstance(record["costs"], dict)
                and is_complete(self.runs / plain_name(record["key"]))
                else None
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def to_run(self, identity: str) -> bool:
        """Whether a run is to be run (again): nothing is known of it, or it met what another time
        may not be there.
        """
        record = self.answer(identity)
        return record is None or record["status"] in TRY_AGAIN

    def note(self, identity: str, record: dict[str, Any]) -> None:
        """Keep what a run came to; whole or not at all."""
        write_whole(self.asked / f"{identity}.json", json.dumps(record, sort_keys=True).encode())

    def write_log(self, rows: list[dict[str, Any]]) -> bool:
        """What differs from repeat to repeat: who ran what, when, how long. False where the old log
        was damaged and a new one begins.
        """
        import pandas

        path = self.folder / LOG
        try:
            before = pandas.read_parquet(path).to_dict("records") if path.is_file() else []
        except (OSError, ValueError):  # pyarrow's own are these two
            before = None
        _to_parquet(pandas.DataFrame([*(before or []), *rows]), path)
        return before is not None

    def write_tables(self, rows: list[dict[str, Any]], long: list[dict[str, Any]]) -> None:
        """catalogue.parquet and outcomes.parquet, sorted: the same study, the same bytes."""
        import pandas

        if rows:
            _to_parquet(
                pandas.DataFrame(rows)
                .sort_values(["draw", "storm", "failure_set", "bits"], kind="stable")
                .reset_index(drop=True),
                self.folder / CATALOGUE,
            )
            columns = ["key", "outcome", "unit", "value", "note", "source"]
            _to_parquet(
                pandas.DataFrame(long, columns=columns)
                .sort_values(["key", "outcome"], kind="stable")
                .reset_index(drop=True),
                self.folder / OUTCOMES,
            )


def read_table(path: Path) -> Any:
    """A parquet table of a study's folder. Raises InputError where it is cut, empty or damaged."""
    import pandas

    try:
        return pandas.read_parquet(path)
    except (OSError, ValueError, KeyError) as error:  # pyarrow's own are among these
        raise _damaged(path, error) from error


def read_document(path: Path) -> dict[str, Any]:
    """A JSON document of a study's folder. Raises InputError where it is cut, empty or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it holds no document")
        return found
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> InputError:
    again = (
        f"flood-sim study resume {path.parent} makes it anew from the runs"
        if path.name in (CATALOGUE, OUTCOMES, LOG, ATTRIBUTION, ENVELOPE)
        else ""
    )
    return input_error(
        "E110",
        str(path),
        "this file of a study's folder is damaged, or not there",
        given=str(error).splitlines()[0],
        do=again
        or "give the command that made it again, with the same --out: runs that are there are not"
        " run again",
    )


def write_whole(path: Path, content: bytes) -> None:
    """Beside it, then in its place."""
    write_bytes(path, content)


def _to_parquet(frame: Any, path: Path) -> None:
    write_beside(path, lambda side: frame.to_parquet(side, engine="pyarrow", index=False))
