"""The last net: errors nobody foresaw, signals at any moment, streams that fail, arguments that are
no names. Whole processes; nothing heavy is imported.
"""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from flood_sim.cli.main import main
from flood_sim.core import net
from flood_sim.core.errors import InputError, OutputError
from flood_sim.core.files import writing

TORN = (
    "import flood_sim.cli.main as c\ndef app(**keys):\n    {body}\nc.app = app\nfrom"
    " flood_sim.cli.entry import main\nmain()\n"
)


def process(body: str, *words: str, raises: bool = False, **options) -> subprocess.CompletedProcess:
    """A process of flood-sim whose commands are replaced by `body`; FLOOD_SIM_RAISE as the tests
    set it, or not.
    """
    environment = {
        k: v
        for k, v in {**os.environ, **options.pop("env", {})}.items()
        if raises or k != "FLOOD_SIM_RAISE"
    }
    return subprocess.run(
        [sys.executable, "-c", TORN.format(body=body), *words],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        **options,
    )


@pytest.mark.parametrize(
    "body",
    [
        "{}['x']",
        "f = lambda n: f(n + 1); f(0)",
        "raise RuntimeError('two\\nlines')",
        "raise NotImplementedError",
    ],
)
def test_an_error_nobody_foresaw_is_one_line_and_a_log(body, tmp_path):
    done = process(body, "run", "x", env={"TMPDIR": str(tmp_path)})
    assert done.returncode == 3 and done.stdout == "" and done.stderr.count("\n") == 1
    assert re.match(
        r"E901 flood_sim: unexpected error \(\w+.*\); this is a fault of flood_sim; the traceback"
        r" is in ",
        done.stderr,
    )
    (log,) = tmp_path.glob("flood_sim-fault-*.log")
    assert (
        str(log) in done.stderr
        and "Traceback" in log.read_text()
        and "flood-sim run x" in log.read_text()
        and log.stat().st_mode & 0o077 == 0
    )


def test_the_tests_still_fail_on_it():
    """FLOOD_SIM_RAISE stands in the environment of every test: a fault is a traceback and exit 1 in
    a child, and itself in this process.
    """
    assert os.environ["FLOOD_SIM_RAISE"]
    done = process("{}['x']", raises=True)
    assert done.returncode == 1 and "KeyError: 'x'" in done.stderr and "Traceback" in done.stderr


def test_in_this_process_a_fault_is_raised(monkeypatch):
    monkeypatch.setattr("flood_sim.cli.main.app", lambda **keys: {}["x"])
    with pytest.raises(KeyError):
        main(["list"])


def test_the_traceback_lies_in_the_log_of_a_result_folder(tmp_path):
    (tmp_path / "log.txt").write_text("earlier\n")
    done = process("{}['x']", "run", "s.toml", "--out", str(tmp_path))
    assert done.returncode == 3 and str(tmp_path / "log.txt") in done.stderr
    text = (tmp_path / "log.txt").read_text()
    assert text.startswith("earlier\n") and "KeyError: 'x'" in text


def test_where_no_log_can_be_written_the_line_names_the_place(monkeypatch):
    monkeypatch.setattr(
        "tempfile.mkstemp", lambda *a: (_ for _ in ()).throw(OSError(30, "Read-only file system"))
    )
    try:
        {}["x"]
    except KeyError as error:
        said = net.fault(error, ["flood-sim", "list"])
    assert "fault of flood_sim" in said and "test_last_net.py" in said and "\n" not in said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    "body",
    [
        "import time; time.sleep(30)",
        "while True: pass",
        "import threading; threading.Event().wait(30)",
    ],
)
def test_a_signal_ends_a_command_with_one_word(number, code, body, tmp_path):
    begun = f"open({str(tmp_path / 'begun')!r}, 'w').close(); {body}"
    if body.startswith("while"):
        begun = f"open({str(tmp_path / 'begun')!r}, 'w').close()\n    {body}"
    child = subprocess.Popen(
        [sys.executable, "-c", TORN.format(body=begun)], stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    child.send_signal(number)
    assert child.wait(20) == code
    assert child.stderr.read() == "interrupted\n"


def test_a_signal_within_an_eval_ends_with_the_code_too(tmp_path):
    """`python -m` itself would end by the signal, not with 130, wherever that was caught."""
    body = f"open({str(tmp_path / 'begun')!r}, 'w').close(); eval('sum(0 for _ in iter(int, 1))')"
    (tmp_path / "torn.py").write_text(TORN.format(body=body))
    child = subprocess.Popen(
        [sys.executable, "-m", "torn"], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    assert (child.wait(20), child.stderr.read()) == (130, "interrupted\n")


def test_a_signal_in_a_place_where_nobody_can_catch_it(tmp_path):
    """Python swallows what is raised in a destructor: the signal is sent again, no word of the
    interpreter is seen.
    """
    body = (
        "class D:\n        def __del__(self):\n            import time, pathlib;"
        f" pathlib.Path({str(tmp_path / 'in')!r}).touch(); time.sleep(3)\n    d = D(); del d;"
        " import time; time.sleep(20)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", TORN.format(body=body)], stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "in").exists():
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    assert child.wait(20) == 130
    assert child.stderr.read() == "interrupted\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_all_is_done(number):
    """It comes while the interpreter takes its modules down: the work is done, and the exit code
    says so.
    """
    done = process(
        "import os, sys\n    class Late:\n        def __del__(self, kill=os.kill,"
        f" own=os.getpid()): kill(own, {int(number)})\n    sys.late = Late()"
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_importing(number):
    """From the first module of ours on there is no moment with a traceback (before it, Python
    itself starts).
    """
    code = (
        "import signal\nimport flood_sim.cli.entry as e\nimport flood_sim.core.net as n\nimport"
        " os\ntrue = n.open_streams\nn.open_streams = lambda: os.kill(os.getpid(),"
        " {number})\ne.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code.format(number=int(number))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (128 + number, "interrupted\n")
    code = (
        "import sys, os\nclass Finder:\n    def find_spec(self, name, path=None, target=None):\n   "
        "     if name == 'typer':\n            os.kill(os.getpid(),"
        " {number})\nsys.meta_path.insert(0, Finder())\nimport runpy\nsys.argv = ['x',"
        " '--help']\nrunpy.run_module('flood_sim.cli', run_name='__main__')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code.format(number=int(number))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout) == (128 + number, "interrupted\n", "")


def shell(line: str, body: str) -> subprocess.CompletedProcess:
    """A line of the shell in which "$0" -c "$1" is flood-sim with its commands replaced by
    `body`.
    """
    return subprocess.run(
        ["sh", "-c", line, sys.executable, TORN.format(body=body)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_standard_streams_that_fail():
    """A reader that leaves: quiet. A full or closed output: one message, exit 3. No word of the
    interpreter in either.
    """
    lines = "import typer\n    for k in range(20000): typer.echo('line')"
    done = shell('"$0" -c "$1" | head -n 1', lines)
    assert (done.returncode, done.stdout, done.stderr) == (0, "line\n", "")
    done = shell('{ "$0" -c "$1"; echo "ended with $?" >&2; } | head -n 1', lines)
    assert done.stderr == "ended with 141\n"
    for body in (lines, "print('waits in the buffer until the end')"):
        for redirect, reason in ((">/dev/full", "No space left"), (">&-", "Bad file descriptor")):
            done = shell(f'"$0" -c "$1" {redirect}', body)
            assert (
                done.returncode == 3
                and done.stderr.startswith("E602 standard output: ")
                and reason in done.stderr
                and done.stderr.count("\n") == 2
            )
    assert shell('"$0" -c "$1" 2>&-', "print('all is well')").returncode == 0
    for redirect in ("2>&-", "2>/dev/full"):
        assert (
            shell(
                f'"$0" -c "$1" {redirect}',
                "from flood_sim.core.errors import input_error\n    raise input_error('E104', 'a',"
                " 'b')",
            ).returncode
            == 2
        )


def test_a_terminal_that_is_gone_ends_the_talk_and_not_the_work():
    body = (
        "from flood_sim.cli.progress import Talk\n    t = Talk(False)\n    for k in range(3):"
        " t.say('on')\n    print('done')"
    )
    done = shell('"$0" -c "$1" 2>/dev/full', body)
    assert done.returncode == 0 and done.stdout == "done\n"


def test_names_that_a_terminal_cannot_show():
    """ASCII only: Chinese names, and bytes that are no text, are shown as escapes; no crash."""
    done = process(
        "print('暴雨 \\udcff'); import sys; print('暴雨', file=sys.stderr)",
        env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        "\\u66b4\\u96e8 \\udcff\n",
        "\\u66b4\\u96e8\n",
    )
    for encoding in ("ascii", "utf-8"):  # typer may choose an encoding of its own
        done = process(
            "import typer; typer.echo('暴雨 \\udcff')",
            env={"PYTHONIOENCODING": encoding},
            encoding="utf-8",
        )
        assert done.returncode == 0 and done.stdout and done.stderr == ""


def test_steering_characters_do_not_reach_the_terminal():
    assert net.printable("a\x1b[2Jb\n暴雨\r") == "a\\x1b[2Jb\n暴雨\\r"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["run", "quickstart", "--out", ""], "--out: an empty text is no name"),
        (["audit", "quickstart", "--standards=", "--out", "x"], "--standards: an empty text"),
        (["check", "quickstart", "--portfolio", " "], "--portfolio: an empty text"),
        (["run", ""], "command line: an empty text"),
        (["check", "a\0b"], "no zero bytes"),
        (["check", "a\udcff.toml"], "no text in UTF-8"),
        (["run", "quickstart", "--out", "x" * 300], "too long for a name: 300 bytes"),
        (["run", "quickstart", "--out", "x/" * 3000], "too long for a name: 6000 bytes"),
    ],
)
def test_arguments_that_are_no_names(words, text, capsys):
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr().err
    assert ended.value.code == 2 and "E104 " in said and text in said and len(said) < 600


def test_several_arguments_are_told_in_one_pass():
    with pytest.raises(InputError) as told:
        net.refuse_odd(["run", "", "--out", "", "--portfolio=\0"])
    assert [f.place for f in told.value.findings] == ["command line", "--out", "--portfolio"]


@pytest.mark.parametrize("number", sorted(writing.REFUSALS))
def test_every_refusal_of_the_system_has_a_way_out(number, monkeypatch, capsys):
    def refuse(**keys):
        raise OSError(number, os.strerror(number), "/x/y")

    monkeypatch.setattr("flood_sim.cli.main.app", refuse)
    with pytest.raises(SystemExit) as ended:
        main(["list"])
    said = capsys.readouterr().err
    assert (
        ended.value.code == 3
        and said.startswith("E602 /x/y: the system refused it: ")
        and "\n  do        " in said
    )


def test_a_library_that_cannot_write_is_cut_short(tmp_path):
    """SQLite tells a whole statement; GDAL's error has no number: one message of one line's length,
    naming the file.
    """
    from pyogrio.errors import DataSourceError

    with (
        pytest.raises(OutputError) as told,
        writing.writing(tmp_path / "a.gpkg", "give a new --out"),
    ):
        raise DataSourceError("sqlite3_exec(INSERT " + 5600 * "x" + ") failed: disk I/O error")
    text = str(told.value)
    assert (
        text.startswith(f"E602 {tmp_path}/a.gpkg: this cannot be written: sqlite3_exec(INSERT xxx")
        and len(text) < 400
        and "give a new --out" in text
    )
    with pytest.raises(KeyError), writing.writing(tmp_path):  # a fault of ours stays one
        raise KeyError("x")


def test_temporary_files_and_a_current_folder_that_are_not_there(tmp_path):
    (tmp_path / "gone").mkdir()
    done = shell(
        f'cd {tmp_path}/gone && rmdir {tmp_path}/gone && "$0" -c "$1"', "import os; os.getcwd()"
    )
    assert (
        done.returncode == 3
        and done.stderr.startswith("E602 current folder: ")
        and "cd into one" in done.stderr
    )
    done = process(
        "import tempfile; tempfile.tempdir = None; tempfile._get_candidate_names = lambda:"
        " iter(()); tempfile._candidate_tempdir_list = lambda: []; tempfile.mkdtemp()"
    )
    assert (
        done.returncode == 3
        and "E602 temporary files: " in done.stderr
        and "set TMPDIR" in done.stderr
    )


def test_help_is_light_and_the_console_script_begins_in_the_entry():
    import tomllib
    from pathlib import Path

    root = Path(__file__).resolve().parents[2]
    assert tomllib.loads((root / "pyproject.toml").read_text())["project"]["scripts"] == {
        "flood-sim": "flood_sim.cli.entry:main"
    }
    code = (
        "import sys, flood_sim.cli.entry; print([m for m in ('typer', 'click', 'numpy',"
        " 'flood_sim.cli.main') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
