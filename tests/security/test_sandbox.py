"""The second line of defence: commands and model processes are held by the kernel, programs that
import flood_sim are not.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.reliability import watched
from benchmarks.reliability.untrusted import network, scenario
from flood_sim.core import landlock, sandbox, sandbox_folders
from scenario.test_loader import GOOD

needs_landlock = pytest.mark.skipif(sandbox.available() == 0, reason="this kernel has no Landlock")
needs_strace = pytest.mark.skipif(
    watched.strace() is None, reason="strace cannot run here: system calls are not watched"
)

OUTSIDE_READ = """
import sys
from pathlib import Path
from flood_sim.core import sandbox
from flood_sim.core.errors import InputError
sandbox.arm()
sandbox.enter("check", {"name": Path(sys.argv[1]), "allow_path": [Path(p) for p in sys.argv[3:]], "out": None})
try:
    with sandbox.told():
        print(open(sys.argv[2]).read())
except InputError as error:
    print(error)
"""


def held(*words, **more):
    return subprocess.run(
        [sys.executable, "-c", OUTSIDE_READ, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | more,
    )


@pytest.fixture
def city(tmp_path):
    for name in ("city", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "note.txt").write_text(f"text of {name}")
    (tmp_path / "city" / "s.toml").write_text(GOOD)
    return tmp_path / "city"


@needs_landlock
def test_a_command_opens_its_own_folders_alone(city):
    """The scenario's folder, one that is allowed; another one is one message with its path."""
    other = city.parent / "other"
    assert "text of city" in held(city / "s.toml", city / "note.txt").stdout
    assert "text of other" in held(city / "s.toml", other / "note.txt", other).stdout
    refused = held(city / "s.toml", other / "note.txt")
    assert (
        "E106" in refused.stdout
        and str(other / "note.txt") in refused.stdout
        and "--allow-path" in refused.stdout
        and not refused.stderr
    )
    assert (
        "text of other"
        in held(city / "s.toml", other / "note.txt", FLOOD_SIM_NO_SANDBOX="1").stdout
    )


@needs_landlock
def test_a_held_process_reads_projs_tables(city):
    """They lie in the packages' folders: the grid mapping needs them."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom flood_sim.core import sandbox\nsandbox.arm()\n"
        "sandbox.enter('run', {'name': Path(sys.argv[1]), 'out': Path(sys.argv[2])})\n"
        "from flood_sim.output.grid_mapping import grid_mapping\n"
        "print(sorted(grid_mapping('EPSG:2154').items()))"
    )
    command = [sys.executable, "-c", code, city / "s.toml", city / "out"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "lambert_conformal_conic" in done.stdout and not done.stderr, done.stderr


@needs_landlock
@needs_strace
def test_a_whole_run_is_held_and_stays_inside(city):
    """`flood-sim run` as it is called: Landlock before any file of the scenario is opened; reads,
    writes and sockets by system calls.
    """
    network(city, "")
    scenario(city, more='[drainage]\nkind = "swmm"\nnetwork = "n.inp"\n')
    trace, scratch = city.parent / "calls.txt", city.parent / "scratch"
    scratch.mkdir()
    calls = f"trace={watched.CALLS},landlock_restrict_self"
    words = [
        "run",
        str(city / "s.toml"),
        "--out",
        str(city / "new" / "out"),
        "--threads",
        "1",
        "--quiet",
    ]
    command = [
        watched.strace(),
        "-f",
        "-qq",
        "-y",
        "-s",
        "4096",
        "-e",
        calls,
        "-o",
        trace,
        sys.executable,
        "-m",
        "flood_sim.cli",
        *words,
    ]
    environment = os.environ | {"TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(c) for c in command],
        cwd=city.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = list(watched._lines(trace))
    begun = next(
        k
        for k, line in enumerate(lines)
        if line.startswith("landlock_restrict_self") and line.endswith("= 0")
    )
    assert not [line for line in lines[:begun] if re.search(r"O_RDONLY.*/city/[sn]\.", line)]
    answer = watched.Answer(watched.cases()[0], city.parent)
    watched_places = [
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
        for p in (*sandbox_folders.caches(), scratch, city / "new", Path("/dev"))
    ]
    for line in lines[begun + 1 :]:
        name, _, rest = line.partition("(")
        if not name.startswith(("access", "faccess")):
            watched._judge(answer, name, rest, watched_places, writable)
    assert (answer.read, answer.written, answer.called) == ([], [], [])
    assert list(scratch.iterdir()) == []  # its own folder of temporary files is gone


@needs_landlock
def test_a_refused_run_leaves_no_folder(city):
    """The result folder is made before the kernel is asked; where nothing comes into it, it goes
    again.
    """
    (city / "s.toml").write_text(GOOD.replace("storm =", "strom ="))
    command = [
        sys.executable,
        "-m",
        "flood_sim.cli",
        "run",
        str(city / "s.toml"),
        "--out",
        str(city / "a" / "b"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and not (city / "a").exists()


@needs_landlock
def test_a_models_process_is_held(city, tmp_path):
    """A study's model process reads the folders that it was started with: another scenario is out
    of its reach.
    """
    store, other = tmp_path / "store", city.parent / "other"
    (store / "runs").mkdir(parents=True)
    (other / "s.toml").write_text(GOOD)
    wanted = {
        "scenario": str(other / "s.toml"),
        "allowed": [str(other)],
        "changes": {},
        "portfolio": "p",
        "measures": [],
        "actions": None,
        "threads": 1,
    }
    command = [sys.executable, "-m", "flood_sim.study.child", str(store), str(city)]
    done = subprocess.run(
        command,
        input=json.dumps(wanted) + "\n" + " ",
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Permission denied" in done.stdout or done.stdout == "", done.stdout
    assert list((store / "runs").iterdir()) == []


def test_a_program_that_imports_flood_sim_is_not_held(city):
    """`main([...])` of a notebook or a test."""
    code = (
        "import sys\nfrom flood_sim.cli.main import main\ntry:\n    main(['check',"
        " sys.argv[1]])\nexcept SystemExit:\n    pass\nprint(open(sys.argv[2]).read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, city / "s.toml", city.parent / "other" / "note.txt"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "text of other" in done.stdout


def test_the_kernels_cache_is_the_one_that_is_written():
    """The sandbox finds the folder without numba; both must mean the same."""
    from flood_kernels import cache_folder

    assert sandbox_folders.kernel_cache() == cache_folder()


def test_every_command_that_reads_foreign_files_is_held():
    """A new command is either in the table or among those that read nothing foreign."""
    import typer

    from flood_sim.cli.main import app

    group = typer.main.get_command(app)
    names = set(group.commands) - {"study"} | {
        f"study {name}" for name in group.commands["study"].commands
    }
    assert names - set(sandbox.COMMANDS) == {"list", "doctor", "storms", "measures", "study list"}
    for name, needs in sandbox.COMMANDS.items():
        command = (
            group.commands["study"].commands[name[6:]]
            if name.startswith("study ")
            else group.commands[name]
        )
        assert {*needs.reads, *needs.writes} <= {p.name for p in command.params}, name
