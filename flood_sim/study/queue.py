"""Runs a study: a queue of our own in front of dask, as many runs in flight as there are workers,
the longest first; nothing is lost in a kill.

Why the queue is here and not in the scheduler: dask hands out all tasks at once and repeats what a
dead worker had been given; here a worker has one run at a time, and a run that is done is a folder
that is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flood_sim.core.errors import RunFailedError, input_error
from flood_sim.core.files.plain_folder import plain_name
from flood_sim.measures.costs import prices
from flood_sim.results import open_results
from flood_sim.runs.stops import ended_by_signals
from flood_sim.scenario.loader import merge_tables
from flood_sim.scenario.region import region_of
from flood_sim.study.attribute import attribution
from flood_sim.study.catalogue import catalogue_rows, outcome_rows
from flood_sim.study.cluster import (
    Flight,
    SchedulerLostError,
    memory_need,
    open_client,
    threads_of,
    worker_count,
)
from flood_sim.study.expand import RunSpec, common_scheme, expand
from flood_sim.study.failures import envelopes
from flood_sim.study.keys import all_sources
from flood_sim.study.spec.study import Study, load_study
from flood_sim.study.store import ATTRIBUTION, ENVELOPE, LOG, STUDY, Store, write_whole
from flood_sim.study.worker import hydraulics

ATTEMPTS, LOG_EVERY_S = 3, 30.0


@dataclass(frozen=True)
class Progress:
    """How far a study is."""

    runs: int
    done: int
    failed: int
    running: int
    seconds_left: float | None

    def __str__(self) -> str:
        left = "" if self.seconds_left is None else f", about {self.seconds_left:.0f} s left"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self.runs} runs done{failed}, {self.running} running{left}"


def run_study(
    study: Study,
    folder: Path,
    *,
    workers: int = 0,
    scheduler: str | None = None,
    trusted: bool = False,
    say: Callable[[str], None] = lambda line: None,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> dict[str, Any]:
    """Run what is not there yet, write catalogue and attribution; returns the summary. Raises
    InputError for a wrong study or a busy folder.
    """
    store, digest = Store(folder), scenario_digest(study)
    store.prepare()
    with store.locked(), ended_by_signals():
        swept = store.sweep()
        if swept:
            say(f"{swept} half-done runs of a killed study removed")
        write_whole(folder / STUDY, _saved(study))
        specs = {spec.identity(study, digest): spec for spec in expand(study)}
        todo = [i for i in specs if store.to_run(i)]
        say(f"study {study.spec.name}: {len(specs)} runs, {len(specs) - len(todo)} done before")
        begun = time.perf_counter()
        if todo:
            slots = workers or worker_count(study)
            work = _Work(study, digest, store, {i: specs[i] for i in todo}, len(specs), say)
            with (
                _told_what_to_do(folder, scheduler, say),
                open_client(slots, scheduler, trusted) as client,
            ):
                slots = slots if scheduler is None else max(threads_of(client), 1)
                say(f"{slots} workers of {study.spec.threads_per_run} threads")
                work.run(client, slots, progress)
        store.sweep()  # of children that died on the way
        summary = finish(study, store, specs)
        say(
            f"{summary['complete']} of {summary['runs']} runs complete, {summary['different']} of"
            f" them different, in {time.perf_counter() - begun:.1f} s"
        )
        return summary


@contextlib.contextmanager
def _told_what_to_do(
    folder: Path, scheduler: str | None, say: Callable[[str], None]
) -> Iterator[None]:
    """How to go on after a lost cluster or an interruption."""
    try:
        yield
    except SchedulerLostError as error:
        where = f" --scheduler {scheduler}" if scheduler is not None else ""
        raise RunFailedError(
            f"{error}\n  do        start it again, then go on: flood-sim study resume"
            f" {folder}{where}"
        ) from error
    except SystemExit:
        say(f"interrupted; to go on: flood-sim study resume {folder}")
        raise


def _currency(study: Study) -> str:
    """The money in which the study's place prices measures."""
    return prices(region_of(study.scenario).model_dump()).currency


def finish(study: Study, store: Store, specs: dict[str, RunSpec]) -> dict[str, Any]:
    """Write catalogue, outcomes and attribution from what is there."""
    rows, long = catalogue_rows(study, store, specs), outcome_rows(store, specs)
    store.write_tables(rows, long)
    reasons = {r["outcome"]: r["note"] for r in long if r["value"] is None}
    records = [store.answer(i) for i in specs]
    for name, document in (
        (
            ATTRIBUTION,
            attribution(study, rows, _cost_ratio(store, rows), reasons)
            | {"currency": _currency(study)},
        ),
        (ENVELOPE, envelopes(study, rows)),
    ):
        if document is not None:
            write_whole(
                store.folder / name, json.dumps(document, indent=1, ensure_ascii=False).encode()
            )
    complete = [r for r in records if r is not None and r["status"] == "complete"]
    faults = {
        str(s): r
        for s, r in zip(specs.values(), records, strict=True)
        if r is not None and r["status"] != "complete"
    }
    return {
        "runs": len(specs),
        "complete": len(complete),
        "different": len({r["key"] for r in complete}),
        "failed": {label: r["message"].splitlines()[0] for label, r in faults.items()},
        "missing": sum(r is None for r in records),
    }


def _cost_ratio(store: Store, rows: list[dict[str, Any]]) -> float | None:
    """Seconds of the study's own runs over those of its twin's, as they were measured; None without
    both.
    """
    if not any(row["twin"] for row in rows):
        return None
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for row in rows:
        if row["status"] == "complete":
            seconds[row["twin"]].append(
                float(open_results(store.runs / plain_name(row["key"])).summary["wall_s"])
            )
    return (
        sum(seconds[False]) / len(seconds[False]) * len(seconds[True]) / sum(seconds[True])
        if all(seconds.values())
        else None
    )


def open_study(folder: Path) -> Study:
    """The study whose folder this is. Raises InputError where it is none."""
    path = folder / STUDY
    if not path.is_file():
        raise input_error(
            "E101",
            str(folder),
            "this is no study's folder: study.json is not there",
            do="flood-sim study run NAME --out DIR",
        )
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        file, allowed = str(saved["file"]), tuple(Path(p) for p in saved["allowed"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise input_error(
            "E110",
            str(path),
            "this file of a study's folder is damaged",
            given=str(error).splitlines()[0],
            do=(
                f"flood-sim study run STUDY --out {folder} writes it anew and goes on; no run is"
                " done twice"
            ),
        ) from error
    return load_study(file, allowed)


def study_status(folder: Path) -> dict[str, Any]:
    """How far a study is, from its folder alone; a study that runs is not disturbed."""
    study, store = open_study(folder), Store(folder)
    digest = scenario_digest(study)
    records = [store.answer(s.identity(study, digest)) for s in expand(study)]
    return {
        "study": study.spec.name,
        "runs": len(records),
        "complete": sum(r is not None and r["status"] == "complete" for r in records),
        "failed": sum(r is not None and r["status"] != "complete" for r in records),
        "missing": sum(r is None for r in records),
        "different": len(
            {r["key"] for r in records if r is not None and r["status"] == "complete"}
        ),
    }


def scenario_digest(study: Study) -> str:
    """Content of the scenario, of every file that it or a storm's changes may read, and of the
    code: what makes earlier answers stale.
    """
    digest = hashlib.sha256(all_sources().encode())
    digest.update(json.dumps(study.scenario.spec.as_toml(), sort_keys=True, default=str).encode())
    folder = study.scenario.folder
    named = _texts(study.scenario.spec.as_toml()) | _texts(study.spec.model_dump())
    for text in sorted(named):
        path = folder / text
        if Path(text).suffix and path.is_file():
            digest.update(text.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_texts(v) for v in value.values())) if value else set()
    if isinstance(value, (list, tuple)):
        return set().union(*(_texts(v) for v in value)) if value else set()
    return {value} if isinstance(value, str) and len(value) < 1000 and "\n" not in value else set()


def _saved(study: Study) -> bytes:
    return json.dumps(
        {"file": str(study.path.resolve()), "allowed": [str(p) for p in study.scenario.allowed]}
    ).encode()


class _Work:
    """The runs that are to be done: as many in flight as there are slots, each noted as it ends,
    what died tried again.
    """

    def __init__(
        self,
        study: Study,
        digest: str,
        store: Store,
        todo: dict[str, RunSpec],
        runs: int,
        say: Callable[[str], None],
    ) -> None:
        """runs : of the whole study, those done before with them."""
        self._study, self._digest, self._store, self._todo = study, digest, store, todo
        self._runs, self._say = runs, say
        self._waiting, self._attempts = _longest_first(todo), dict.fromkeys(todo, 0)
        self._started: dict[str, float] = {}
        self._log: list[dict[str, Any]] = []
        self._ended = self._failed = 0
        self._memory, self._scheme = memory_need(study), common_scheme(study)

    def run(self, client: Any, slots: int, progress: Callable[[Progress], None]) -> None:
        """Until nothing waits and nothing flies."""
        flight, warm = Flight(client, self._say), _kernels_are_compiled()
        begun = written = time.perf_counter()
        for _ in range(min(slots if warm else 1, len(self._waiting))):
            self._submit(flight)
        while flight:
            self._take(*flight.next())
            while self._waiting and len(flight) < slots:
                self._submit(flight)
            progress(self._progress(len(flight), time.perf_counter() - begun))
            if time.perf_counter() - written > LOG_EVERY_S:
                self._keep_log()
                written = time.perf_counter()
        self._keep_log()

    def _submit(self, flight: Flight) -> None:
        identity = self._waiting.pop(0)
        self._attempts[identity] += 1
        self._started[identity] = time.time()
        document = self._todo[identity].document(self._study, self._digest)
        if self._scheme is not None:  # a run that draws its scheme keeps it
            given = {"surface": {"scheme": self._scheme}}
            document["changes"] = merge_tables(given, document["changes"])
        text = json.dumps(document | {"memory_bytes": self._memory}, default=str)
        timeout_s = self._study.spec.timeout_s
        arguments = (hydraulics, text, str(self._store.folder.resolve()), timeout_s)
        flight.send(identity, f"hydraulics-{identity}-{self._attempts[identity]}", arguments)

    def _take(self, identity: str, record: dict[str, Any]) -> None:
        """Note a run that has ended; one that died waits again, at the front."""
        attempt = self._attempts[identity]
        row = _log_row(record, self._todo[identity], attempt, self._started[identity])
        self._log.append(row)
        if record["status"] == "died" and attempt < ATTEMPTS:
            self._waiting.insert(0, identity)
            return
        kept = ("status", "key", "costs", "message", "trace")
        self._store.note(identity, {k: record[k] for k in kept if k in record})
        self._ended += 1
        self._failed += record["status"] != "complete"

    def _progress(self, running: int, seconds: float) -> Progress:
        rate, left = self._ended / seconds, len(self._todo) - self._ended
        done = self._runs - left
        return Progress(
            self._runs, done, self._failed, running, left / rate if rate > 0.0 else None
        )

    def _keep_log(self) -> None:
        if not self._store.write_log(self._log):
            self._say(f"{LOG} was damaged: begun anew")
        self._log.clear()


def _longest_first(todo: dict[str, RunSpec]) -> list[str]:
    """As far as one can know: more measures make more work."""
    return sorted(todo, key=lambda i: -len(todo[i].measures))


def _kernels_are_compiled() -> bool:
    """Else the first run is alone: two workers that compile at once race for the cache."""
    from flood_kernels import cache_folder

    return cache_folder().is_dir() and any(cache_folder().rglob("*.nbc"))


def _log_row(record: dict[str, Any], spec: RunSpec, attempt: int, started: float) -> dict[str, Any]:
    return {
        "key": record.get("key", ""),
        "portfolio": spec.portfolio,
        "storm": spec.storm,
        "draw": spec.draw,
        "attempt": attempt,
        "end": record["status"],
        "cached": bool(record.get("cached", False)),
        "host": record.get("host", ""),
        "worker": int(record.get("pid", 0)),
        "started": started,
        "wall_s": float(record.get("wall_s", 0.0)),
        "cpu_s": float(record.get("cpu_s", 0.0)),
        "ended": time.time(),
        "parent": os.getpid(),
    }
