"""Commands whose n-th system call that writes fails, below Python: strace injects the error, so
libraries in C meet it, too.

    strace ... python -m benchmarks.reliability.failing JOBS.json ANSWERS.json

One process imports everything and forks for each trial. strace counts calls for each process from
its start, so a child first makes calls that do nothing until n of them are left. Its words go over
a socket (no `write`). After a failure the child's message is obeyed: the command it names is given,
or the same one again with what it asks for, without a fault; that must succeed.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path

AT = 1000  # the call of each process that fails; the parent makes fewer
CALLS = ("write", "pwrite64", "fsync", "rename", "mkdir", "ftruncate")
PLAIN = "none"
GROWING = (
    "gauges.csv",
    "sections.csv",
    "sites.csv",
    "openings.csv",
)  # line by line while a run goes on; whole where there is a summary


@dataclass
class Trial:
    """A command, the kind of system call that fails, which one of them (from 1), and how it
    ended.
    """

    words: list[str]
    call: str = PLAIN
    n: int = 0
    code: int = -1
    said: str = ""
    again: list[str] = field(default_factory=list)
    again_code: int = -1
    again_said: str = ""
    folders: list[str] = field(default_factory=list)  # taken from `kept` before the trial
    kept: str = ""
    broken: list[str] = field(
        default_factory=list
    )  # files in them that look whole and are not, after the failure


def why_not() -> str:
    """Why trials cannot be made here; "" where they can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(
        ["strace", "-qq", "-e", "inject=mkdir:error=ENOSPC", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else f"strace may not trace here: {done.stderr[:100]}"


def failing(
    trials: list[Trial], folder: Path, error: str = "ENOSPC", stays: bool = True
) -> list[Trial]:
    """Make the trials; stays : from the n-th call on all of the kind fail, as on a full disk, else
    only that one. Raises CalledProcessError.
    """
    jobs, answers = folder / "jobs.json", folder / "answers.json"
    found: list[Trial] = []
    for call in dict.fromkeys(t.call for t in trials):
        jobs.write_text(json.dumps([asdict(t) for t in trials if t.call == call]))
        inject = (
            []
            if call == PLAIN
            else ["-e", f"inject={call}:error={error}:when={AT}{'+' if stays else ''}"]
        )
        trace = [
            "strace",
            "-f",
            "-qq",
            "--seccomp-bpf",
            "-o",
            os.devnull,
            "-e",
            f"trace={'write' if call == PLAIN else call}",
            *inject,
        ]
        command = [
            *trace,
            sys.executable,
            "-m",
            "benchmarks.reliability.failing",
            str(jobs),
            str(answers),
        ]
        root = Path(__file__).resolve().parents[2]
        subprocess.run(
            command,
            check=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": f"{root}:{root / 'kernels'}"},
            stdout=subprocess.DEVNULL,
        )
        found += [Trial(**row) for row in json.loads(answers.read_text())]
    return found


def broken_files(folder: Path) -> list[str]:
    """Files that look whole by their name and are not: JSON, PNG, GIF, CSV, TIFF, HTML,
    GeoPackage.
    """
    ends = {".png": b"IEND\xaeB`\x82", ".gif": b";", ".html": b"</html>", ".csv": b"\n"}
    starts = {".png": b"\x89PNG", ".gif": b"GIF8", ".tif": b"II", ".gpkg": b"SQLite format 3"}
    found = []
    for path in folder.rglob("*"):
        if not path.is_file() or ".part" in str(path.relative_to(folder)):
            continue
        if path.name in GROWING and not (path.parent / "summary.json").is_file():
            continue
        content = path.read_bytes()
        whole = content.startswith(starts.get(path.suffix, b"")) and content.rstrip(
            b"\n" if path.suffix == ".html" else b""
        ).endswith(ends.get(path.suffix, b""))
        if path.suffix == ".json":
            try:
                json.loads(content)
            except ValueError:
                whole = False
        if not whole:
            found.append(str(path.relative_to(folder)))
    return found


def way_out(words: list[str], said: str) -> list[str]:
    """What a message tells to do, as words of the command line; the same command again where it
    tells no other.
    """
    named = re.search(r"do .*flood-sim ((?:run --resume|report|study resume) [^\n;,]+)", said)
    if named:
        return named.group(1).split()
    if "new --out" in said or "another --out" in said:
        return [
            w + "_new" if before == "--out" else w
            for before, w in zip(["", *words], words, strict=False)
        ]
    return [*words, "--overwrite"] if "--overwrite" in said else words


def _child(words: list[str], call: str, n: int) -> tuple[int, str]:
    """One command in a process of its own: exit code and what it said; 1 and the traceback where it
    raised.
    """
    mine, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        mine.close()
        code, text = 1, ""
        try:
            code, text = _command(words, call, n)
        finally:
            theirs.sendall(json.dumps([code, text]).encode())
            os._exit(0)
    theirs.close()
    with mine.makefile("rb") as answer:
        raw = answer.read()
    os.waitpid(pid, 0)
    code, text = json.loads(raw or b'[-9, "died"]')
    return code, text


def _command(words: list[str], call: str, n: int) -> tuple[int, str]:
    from flood_sim.cli.main import main

    said = io.StringIO()
    _count_up(call, n)
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            main(words)
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        except BaseException:
            code = 1
            said.write(traceback.format_exc())
    return code, said.getvalue()


def _count_up(call: str, n: int) -> None:
    """Calls that do nothing, until the n-th of the command is the one that fails."""
    nothing = os.open(os.devnull, os.O_RDWR)
    calls = {
        "write": lambda: os.write(nothing, b""),
        "pwrite64": lambda: os.pwrite(nothing, b"", 0),
        "fsync": lambda: os.fsync(nothing),
        "rename": lambda: os.rename("/nowhere/a", "/nowhere/b"),
        "mkdir": lambda: os.mkdir("/"),
        "ftruncate": lambda: os.ftruncate(nothing, 0),
    }
    for _ in range(AT - n if call != PLAIN else 0):
        with contextlib.suppress(OSError):
            calls[call]()


def _try(trial: Trial) -> Trial:
    for name in trial.folders:
        shutil.rmtree(name, ignore_errors=True)
        if trial.kept:
            shutil.copytree(trial.kept, name)
    trial.code, trial.said = _child(trial.words, trial.call, trial.n)
    trial.broken = [name for folder in trial.folders for name in broken_files(Path(folder))]
    if trial.code not in (0, 1):
        trial.again = way_out(trial.words, trial.said)
        trial.again_code, trial.again_said = _child(trial.again, PLAIN, 0)
    return trial


def held(trial: Trial) -> str:
    """ "" where a trial ended as it must; else what is wrong."""
    if trial.code == 0:
        return ""  # less than n calls, or one that nothing hangs on
    if (
        trial.code not in (2, 3)
        or "Traceback" in trial.said
        or not re.search(r"^E\d{3} ", trial.said, re.MULTILINE)
        or len(trial.said) > 3000
    ):
        return f"exit {trial.code}: {trial.said[-400:]}"
    if trial.again_code != 0:
        return (
            f"`{' '.join(trial.again)}` after {trial.said[:200]!r}: exit {trial.again_code}:"
            f" {trial.again_said[-300:]}"
        )
    return ", ".join(trial.broken)


def main() -> None:
    """Make the trials of a file, write their ends into another."""
    import jinja2  # noqa: F401 - once for all children

    from flood_sim.analysis.pictures.style import pyplot

    pyplot()
    jobs, answers = sys.argv[1:3]
    done = [asdict(_try(Trial(**row))) for row in json.loads(Path(jobs).read_text())]
    Path(answers).write_text(json.dumps(done))


if __name__ == "__main__":
    main()
