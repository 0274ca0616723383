"""The folder of a study: runs by key, what asked for them, a lock, and the catalogue made from them. The folders are the truth."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flood_sim.errors import input_error
from flood_sim.plain_folder import plain_name
from flood_sim.result_folder import process_alive
from flood_sim.study.model import is_complete

LOCK, STUDY = "study.lock", "study.json"
CATALOGUE, OUTCOMES, LOG = "catalogue.parquet", "outcomes.parquet", "runs_log.parquet"
ATTRIBUTION, ENVELOPE, AUDIT, LEAD_TIME = "attribution.json", "envelope.json", "audit.json", "lead_time.json"


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
                "E111", str(self.folder), "this folder holds other files", given=", ".join(sorted(present)[:4]), do="give an empty or new --out"
            )
        try:
            self.runs.mkdir(parents=True, exist_ok=True)
            self.asked.mkdir(exist_ok=True)
        except OSError as error:
            raise input_error("E111", str(self.folder), f"the folder cannot be written: {error.strerror}", do="give another --out") from error

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Held by one parent; a lock of a process that is gone is taken over. Raises InputError where the other one lives."""
        lock = self.folder / LOCK
        if lock.is_file():
            owner = json.loads(lock.read_text(encoding="utf-8"))
            if owner["host"] != socket.gethostname() or (owner["pid"] != os.getpid() and process_alive(owner["pid"], owner["since"])):
                raise input_error("E112", str(self.folder), "another study is running here", given=f"process {owner['pid']} on {owner['host']}")
        lock.write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid(), "since": time.time()}), encoding="utf-8")
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)

    def sweep(self) -> int:
        """Remove what killed runs of this host left half done; how many."""
        gone = 0
        for side in self.runs.glob("*.tmp-*"):
            host, _, pid = side.name.partition(".tmp-")[2].rpartition("-")
            if host == socket.gethostname() and not (pid.isdigit() and process_alive(int(pid))):
                shutil.rmtree(side, ignore_errors=True)
                gone += 1
        return gone

    def answer(self, identity: str) -> dict[str, Any] | None:
        """What a run came to, where it is there: its record; None where it is to be run."""
        path = self.asked / f"{identity}.json"
        if not path.is_file():
            return None
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return record if record["status"] != "complete" or is_complete(self.runs / plain_name(record["key"])) else None

    def note(self, identity: str, record: dict[str, Any]) -> None:
        """Keep what a run came to; whole or not at all."""
        write_whole(self.asked / f"{identity}.json", json.dumps(record, sort_keys=True).encode())

    def write_log(self, rows: list[dict[str, Any]]) -> None:
        """What differs from repeat to repeat: who ran what, when, how long."""
        import pandas

        path = self.folder / LOG
        before = pandas.read_parquet(path).to_dict("records") if path.is_file() else []
        _to_parquet(pandas.DataFrame([*before, *rows]), path)

    def write_tables(self, rows: list[dict[str, Any]], long: list[dict[str, Any]]) -> None:
        """catalogue.parquet and outcomes.parquet, sorted: the same study, the same bytes."""
        import pandas

        if rows:
            _to_parquet(
                pandas.DataFrame(rows).sort_values(["draw", "storm", "failure_set", "bits"], kind="stable").reset_index(drop=True),
                self.folder / CATALOGUE,
            )
            columns = ["key", "outcome", "unit", "value", "note", "source"]
            _to_parquet(
                pandas.DataFrame(long, columns=columns).sort_values(["key", "outcome"], kind="stable").reset_index(drop=True), self.folder / OUTCOMES
            )


def write_whole(path: Path, content: bytes) -> None:
    """Beside it, then in its place."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def _to_parquet(frame: Any, path: Path) -> None:
    part = path.with_name(path.name + ".part")
    frame.to_parquet(part, engine="pyarrow", index=False)
    os.replace(part, path)
