"""Full disks and folders one may not write to, below Python: a system call of each command fails
(strace); the message is obeyed and leads on.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest

from benchmarks.reliability.disks import prepare, trials
from benchmarks.reliability.failing import failing, held, why_not

# command, system call, which one of it; benchmarks/reliability/disks.py walks all of them
POINTS = [
    ("check", "write", 6),
    ("report", "write", 3),
    ("copy", "write", 4),
    ("run", "write", 6),
    ("run", "pwrite64", 30),
]


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    if why := why_not():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("disks")
    return folder, prepare(folder)


def test_a_disk_that_is_full_from_the_nth_call_on(done):
    """Each ends with one message and exit 2 or 3, leaves no file that looks whole and is not, and
    succeeds when its `do` is done.
    """
    folder, whole = done
    found = failing(trials(folder, whole, POINTS), folder)
    assert [f"{t.words[0]} {t.call} {t.n}: {held(t)}" for t in found if held(t)] == []
    assert sum(t.code != 0 for t in found) >= len(POINTS) - 1  # the calls were really reached


def test_a_folder_on_a_read_only_disk(done, tmp_path):
    """report, compare, check, copy, run, study into a mount that is read only: E602 or E111, exit 2
    or 3, no traceback.
    """
    folder, whole = done
    place = tmp_path / "ro"
    shutil.copytree(whole, place)
    code = (
        "import contextlib, io, sys, json\nfrom flood_sim.cli.main import main\nplace, scenario,"
        " study, done = sys.argv[1:]\nends = []\nfor words in (['report', place], ['compare', done,"
        " place], ['check', scenario, '--out', place + '/k'], ['copy', 'quickstart', place +"
        " '/c'],\n              ['run', scenario, '--out', place, '--overwrite', '--quiet'],"
        " ['run', scenario, '--out', place + '/r', '--quiet'],\n              ['study', 'run',"
        " study, '--out', place + '/s'], ['storms', 'zhengzhou-720', '--picture', place +"
        " '/a.png']):\n    said = io.StringIO()\n    with contextlib.redirect_stderr(said),"
        " contextlib.redirect_stdout(io.StringIO()):\n        try:\n            main(words); code ="
        " 0\n        except SystemExit as e:\n            code = e.code\n    ends.append([words[0],"
        " code, said.getvalue()])\nprint(json.dumps(ends))\n"
    )
    words = [
        sys.executable,
        "-c",
        code,
        str(place),
        str(folder / "s.toml"),
        str(folder / "study.toml"),
        str(whole),
    ]
    mounted = f'mount --bind {place} {place} && mount -o remount,ro,bind {place} && exec "$@"'
    unshared = (
        ["unshare", "-m", "sh", "-c", mounted, "sh"]
        if os.geteuid() == 0
        else ["unshare", "-rm", "sh", "-c", mounted, "sh"]
    )
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshared, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("no read-only mount can be made here (unshare)")
    out = subprocess.run([*unshared, *words], capture_output=True, text=True, check=True)
    ends = json.loads(out.stdout.splitlines()[-1])
    assert len(ends) == 8
    for verb, code, said in ends:
        assert (
            code in (2, 3)
            and said.startswith(("E602 ", "E111 "))
            and "Read-only file system" in said
            and str(place) in said
        ), (verb, code, said)
        assert "Traceback" not in said and "\n  do " in said and len(said) < 800, said


def test_a_limit_of_file_sizes(done, tmp_path):
    """2 kB a file: the message names the file and the limit's command; nothing cut stays."""
    folder, _ = done
    line = (
        f'ulimit -f 4; exec "$0" -m flood_sim.cli check {folder / "s.toml"} --out {tmp_path / "k"}'
    )
    ended = subprocess.run(
        ["sh", "-c", line, sys.executable], capture_output=True, text=True, check=False
    )
    if ended.returncode == 0:  # so small a model fits
        line = (
            'ulimit -f 4; exec "$0" -m flood_sim.cli storms zhengzhou-720 --picture'
            f" {tmp_path / 'a.png'}"
        )
        ended = subprocess.run(
            ["sh", "-c", line, sys.executable], capture_output=True, text=True, check=False
        )
    assert (
        ended.returncode == 3
        and "E602" in ended.stderr
        and "File too large" in ended.stderr
        and "ulimit -f" in ended.stderr
    ), ended.stderr
    assert not (tmp_path / "a.png").exists()
