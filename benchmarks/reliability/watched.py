"""Runs the cases of untrusted.py in one process under strace, and reads from its system calls what
was opened, written, started and called.

Twice: with flood_sim's own checks and without the kernel's; and with those checks cut out, held by
Landlock alone.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.reliability.untrusted import OUTSIDE, Case, cases, made

ROOT = Path(__file__).resolve().parents[2]
MARK = "/case-of-the-watch/"
CALLS = (
    "open,openat,openat2,creat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,truncate,chmod,fchmodat,"
    "chown,fchownat,mknod,mknodat,setxattr,execve,connect,bind,sendto,sendmsg,listen,access,faccessat,faccessat2"
)
PROGRAMS = re.compile(
    r"/(ldconfig(\.real)?|uname|fc-list|python[\d.]*|gcc|cc|ld|sh)$"
)  # what Python's own libraries ask for the system's parts
KEPT = re.compile(
    r"= -1 E(ACCES|PERM|LOOP|XDEV)|htons\(53\)|AF_UNIX|AF_NETLINK"
)  # refused by the kernel; UDP and the system's services: it holds TCP
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


@dataclass
class Answer:
    """What a case did: exit code, what it said; system calls on files that it may not touch."""

    case: Case
    place: Path
    exit: int | str = "none"
    said: str = ""
    read: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    called: list[str] = field(default_factory=list)

    def faults(self, by_the_kernel: bool) -> str:
        """What went wrong, '' where the case held."""
        found = [
            f"{kind} {', '.join(names[:2])}"
            for kind, names in (
                ("read", self.read),
                ("wrote", self.written),
                ("called", self.called),
            )
            if names
        ]
        found += [
            f"changed {name}"
            for name, data in OUTSIDE.items()
            if (self.place / "outside" / name).read_bytes() != data
        ]
        if not by_the_kernel and self.exit not in ((2,) if self.case.refused else (0, 2)):
            found.append(f"exit {self.exit}: {self.said[-160:]}")
        return "; ".join(found)


def strace() -> str | None:
    """The program, where it is there and may watch."""
    found = shutil.which("strace")
    if found is None:
        return None
    tried = subprocess.run(
        [found, "-f", "-o", os.devnull, "true"], capture_output=True, check=False
    )
    return found if tried.returncode == 0 else None


def watch(chosen: Iterable[Case], folder: Path, by_the_kernel: bool = False) -> list[Answer]:
    """Make the cases below `folder`, run them in one process under strace, and judge its calls."""
    watcher = strace()
    if watcher is None:
        raise RuntimeError("strace cannot run here")
    answers = [Answer(case, made(case, folder / f"{k:03d}")) for k, case in enumerate(chosen)]
    trace = folder / "calls.txt"
    (folder / "scratch").mkdir()
    job = [{"place": str(a.place), "words": a.case.words} for a in answers]
    (folder / "job.json").write_text(
        json.dumps({"kernel": by_the_kernel, "cases": job, "scratch": str(folder / "scratch")})
    )
    command = [
        watcher,
        "-f",
        "-qq",
        "-y",
        "-s",
        "4096",
        "-e",
        f"trace={CALLS}",
        "-o",
        str(trace),
        sys.executable,
        "-m",
        "benchmarks.reliability.watched",
    ]
    search = os.pathsep.join([str(ROOT), str(ROOT / "kernels"), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {
        "TMPDIR": str(folder / "scratch"),
        "PYTHONPATH": search,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [*command, str(folder / "job.json")],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"the watched process ended with {done.returncode}: {done.stdout[-1000:]}"
            f" {done.stderr[-2000:]}"
        )
    told = json.loads(done.stdout.strip().splitlines()[-1])
    for answer, (code, text) in zip(answers, told, strict=True):
        answer.exit, answer.said = code, text
    _read(trace, answers, folder, by_the_kernel)
    return answers


# -------------------------------------------------------------------------------- reading the calls


def _lines(trace: Path) -> Iterable[str]:
    """Calls as whole lines: those that another thread cut in two are joined."""
    waiting: dict[str, str] = {}
    for line in trace.read_text(errors="replace").splitlines():
        pid, _, rest = line.partition(" ")
        rest = rest.strip()
        if rest.endswith("<unfinished ...>"):
            waiting[pid] = rest.removesuffix("<unfinished ...>")
        elif rest.startswith("<..."):
            yield waiting.pop(pid, "") + rest.partition("resumed>")[2]
        elif not rest.startswith(("---", "+++")):  # signals and ends
            yield rest


def _read(trace: Path, answers: list[Answer], folder: Path, by_the_kernel: bool) -> None:
    from flood_sim.core import landlock, sandbox_folders

    allowed = [
        sandbox_folders.real(Path(p))
        for p in (
            *landlock.SYSTEM,
            *landlock.SYSTEM_FILES,
            *landlock.DEVICES,
            *sandbox_folders.python_folders(),
            *sandbox_folders.home_folders(),
        )
    ]
    writable = [
        sandbox_folders.real(p)
        for p in (*sandbox_folders.caches(), folder / "scratch", Path("/dev"))
    ]
    current: Answer | None = None
    for line in _lines(trace):
        name, _, rest = line.partition("(")
        marked = re.search(re.escape(MARK) + r"(\d+|end)", rest)
        if marked:
            current = None if marked.group(1) == "end" else answers[int(marked.group(1))]
        elif (
            current is not None
            and not name.endswith(("access", "faccessat", "faccessat2"))
            and not (by_the_kernel and KEPT.search(rest))
        ):
            _judge(current, name, rest, allowed, writable)


def _judge(answer: Answer, name: str, rest: str, allowed: list[Path], writable: list[Path]) -> None:
    """Sort one call of a case into what it read, wrote and called, where that lies outside."""
    if name in ("connect", "bind", "sendto", "sendmsg", "listen"):
        if name in ("sendto", "sendmsg", "listen") or "nscd" not in rest:
            answer.called.append(f"{name} {rest[:80]}")
        return
    succeeded = not re.search(r"= -1 E\w+", rest)
    named = [text.encode().decode("unicode_escape") for text in STRING.findall(rest)]
    if name == "execve":
        if succeeded and not PROGRAMS.search(named[0]):
            answer.called.append(f"execve {named[0]}")
        return
    opened = re.search(r"= \d+<(.*)>$", rest)
    real = (
        Path(opened.group(1))
        if opened
        else Path(os.path.realpath(_named(answer.place / "city", rest, named)))
    )
    city, outside = answer.place / "city", answer.place / "outside"
    writes = not name.startswith("open") or bool(
        re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", rest)
    )
    if not succeeded and not (
        name.startswith("open") and real.is_relative_to(outside) and "EACCES" not in rest
    ):
        return
    mine = [*writable, city / "out", city / "run"]
    if writes and not any(real.is_relative_to(p) for p in mine):
        answer.written.append(f"{name} {real}")
    elif (
        not writes
        and (
            real.is_relative_to(outside)
            or not any(real.is_relative_to(p) for p in (*allowed, *mine, city))
        )
        and real not in (answer.place, answer.place.parent)
    ):
        answer.read.append(f"{name} {real}")


def _named(place: Path, rest: str, names: list[str]) -> Path:
    """The file that a call names, seen from the folder whose descriptor it gives."""
    folder = re.match(r'(?:AT_FDCWD|\d+)<([^>]*)>, "', rest)
    return Path(folder.group(1) if folder else place, *names[:1])


# ------------------------------------------------------------------------------ the watched process


def _cut_out_checks() -> None:
    """Every check of paths and contents gone: what is left is the kernel's."""
    from flood_sim import results
    from flood_sim.analysis.outcomes import consequences
    from flood_sim.core.files import netcdf
    from flood_sim.drainage import inp, swmm
    from flood_sim.scenario import loader
    from flood_sim.scenario.doors import map_files, rasters, systems, vectors
    from flood_sim.study.spec import study

    changes: dict[Any, dict[str, Any]] = {
        loader: {"file_inside": lambda folder, text, place, allowed=(): folder / text},
        study: {"file_inside": lambda folder, text, place, allowed=(): folder / text},
        inp: {"close_files": lambda network, work=None: network},
        swmm: {"close_files": lambda network, work=None: network},
        rasters: {"check_crs": lambda text, place: text, "check_sidecars": lambda path: None},
        systems: {"check_crs": lambda text, place: text},
        vectors: {"checked_vector": lambda path: map_files.VectorPlace(str(path))},
        results: {"check_folder": lambda folder: None},
        netcdf: {"check_netcdf": lambda path, place="": path},
        consequences: {"check_netcdf": lambda path, place="": path},
    }
    for module, names in changes.items():
        for name, replacement in names.items():
            assert hasattr(module, name), f"{module.__name__}.{name} is gone: this cut does nothing"
            setattr(module, name, replacement)


def _drive(job: dict[str, Any]) -> None:
    if job["kernel"]:
        from flood_sim.core import sandbox

        os.environ["GDAL_SKIP"] = ""
        places = [Path(c["place"]) for c in job["cases"]]
        assert sandbox.hold(
            [p / "city" for p in places],
            [*(p / "city" for p in places if (p / "city" / "run").is_dir()), Path(job["scratch"])],
        )
    from flood_sim.cli.main import main

    if job["kernel"]:
        _cut_out_checks()
    said = []
    for number, case in enumerate(job["cases"]):
        os.chdir(Path(case["place"]) / "city")
        log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (it takes the place of both streams)
        out, err = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = log
        os.access(f"{MARK}{number}", os.F_OK)
        try:
            main(list(case["words"]))
            code: int | str = 0
        except SystemExit as ended:
            code = 0 if ended.code is None else ended.code
        except BaseException:
            code = "fault"
            traceback.print_exc()
        os.access(f"{MARK}end", os.F_OK)
        sys.stdout, sys.stderr = out, err
        log.seek(0)
        said.append((code, log.read()[-2000:]))
    print(json.dumps(said))


def campaign(count: int, folder: Path) -> list[dict[str, Any]]:
    """Rows of kind, tried, held, note: at most `count` cases, by the checks alone and by the kernel
    alone.
    """
    from flood_sim.core import sandbox

    rows = []
    for by_the_kernel in (False, True):
        if strace() is None or (by_the_kernel and not sandbox.available()):
            rows.append(
                {
                    "kind": "untrusted inputs",
                    "tried": 0,
                    "held": 0,
                    "note": "no strace, or no Landlock, here",
                }
            )
            continue
        chosen = [c for c in cases() if not by_the_kernel or for_the_kernel(c)][:count]
        answers = watch(chosen, folder / ("kernel" if by_the_kernel else "checks"), by_the_kernel)
        for kind in dict.fromkeys(c.kind for c in chosen):
            mine = [(a.case.name, a.faults(by_the_kernel)) for a in answers if a.case.kind == kind]
            wrong = [f"{name}: {fault}" for name, fault in mine if fault]
            how = "Landlock alone" if by_the_kernel else "checks alone"
            rows.append(
                {
                    "kind": f"untrusted {kind}, {how}",
                    "tried": len(mine),
                    "held": len(mine) - len(wrong),
                    "note": " | ".join(wrong[:3]),
                }
            )
    return rows


def for_the_kernel(case: Case) -> bool:
    """Whether a case ends when nothing checks it first: a pipe and /dev/zero do not."""
    return not (
        case.kind in ("path", "study file") and case.name.split()[-1] in ("3", "4")
    ) and case.name not in (
        "series 6",
        "report pipe",
        "compare pipe",
    )


if __name__ == "__main__":
    _drive(json.loads(Path(sys.argv[1]).read_text()))
