"""True ways out that are no row of docs/errors.md alone: commands and options that messages name
are there; several commands, files or keys of one message. Rows are followed in tests/ways.
"""

import ast
import re
import shutil
from pathlib import Path

import pytest
import typer

from flood_sim.cli.main import app, main
from flood_sim.core.errors import WAYS, Finding, InputError, OutputError
from flood_sim.scenario import load_scenario
from scenario.test_loader import GOOD
from ways.folders import finished as copy_finished
from ways.folders import half

PACKAGE = Path(__file__).resolve().parents[2] / "flood_sim"
TEXTS = [
    (path, node)
    for path in sorted(PACKAGE.rglob("*.py"))
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
]


def said(node: ast.AST) -> str:
    """A text or the constant parts of an f-string; {} for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return ""


# ------------------------------------------------------------------------------ what is said exists


def commands() -> dict[str, set[str]]:
    """Each command of the program, and its options."""
    top = typer.main.get_command(app)
    found = {}
    for name, command in top.commands.items():
        found[name] = {o for p in command.params for o in [*p.opts, *p.secondary_opts]} | {"--help"}
        for sub, below in getattr(command, "commands", {}).items():
            found[f"{name} {sub}"] = {
                o for p in below.params for o in [*p.opts, *p.secondary_opts]
            } | {"--help"}
    return found


def test_every_command_and_option_that_a_message_names_is_there():
    known, seen = commands(), 0
    options = set().union(*known.values())
    for path, node in TEXTS:
        text = said(node)
        for command, rest in re.findall(r"flood-sim ((?:study )?[a-z][a-z-]*)([^`;,()\n]*)", text):
            assert command in known, (path.name, text)
            seen += 1
            for option in re.findall(r"--[a-z-]+", rest):
                assert option in known[command], (path.name, text, option)
        if isinstance(node, ast.keyword) and node.arg == "do":
            own = re.sub(r"gdal\w+ .*", "", said(node.value))  # GDAL's commands have their own
            for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", own):
                assert option in options, (path.name, said(node.value))
                seen += 1
    assert seen > 25


def test_no_message_says_to_run_it_again():
    """Refused where results are there: the words are `--overwrite`, another --out, or a command."""
    told = {"run it again", "run again", "run the scenario again", "try again"}
    assert not [
        (p.name, said(n))
        for p, n in TEXTS
        if isinstance(n, (ast.Constant, ast.JoinedStr)) and said(n).strip() in told
    ]


def test_no_error_is_without_a_way_out():
    codes = {
        said(n.args[0])
        for _, n in TEXTS
        if isinstance(n, ast.Call)
        and n.args
        and getattr(n.func, "id", "") in ("Finding", "input_error")
    }
    for code in sorted(c for c in codes if re.fullmatch(r"E\d{3}", c)):
        assert (
            Finding(code, "here", "wrong").do
            and Finding(code, "here", "wrong", allowed="1 to 2").do
        ), code
        assert code in WAYS or code[:2] in WAYS, code
    assert not Finding("W210", "here", "odd").do


# ----------------------------------------------------------------- commands: given as they are said


def command(*words: str, code: int = 0) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(w) for w in words])
        raise SystemExit(0)
    assert ended.value.code in (code, None) if code == 0 else ended.value.code == code


def named(text: str) -> list[str]:
    """The command that a message names, after `flood-sim`."""
    (words,) = set(re.findall(r"do .*?flood-sim ([^\n`;,]+)", text)) or {""}
    return words.split()


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("ways")
    copy_finished(folder)
    return folder


def test_the_pictures_of_an_unfinished_run_name_the_command_that_ends_it(tmp_path, capsys):
    run = half(tmp_path)
    command("report", run)
    assert f"flood-sim run --resume {run}" in capsys.readouterr().out


def test_a_run_without_sewers_is_told_how_to_have_them(finished, capsys):
    command("explain", finished / "run", "J1", code=2)
    assert '[drainage] kind = "swmm"' in capsys.readouterr().err


def test_check_writes_its_files_into_a_new_folder(tmp_path):
    (tmp_path / "s.toml").write_text(GOOD)
    command("check", tmp_path / "s.toml", "--out", tmp_path / "new")
    assert (tmp_path / "new" / "rain.csv").read_bytes().endswith(b"\n")


def test_what_cannot_be_written_leaves_nothing_and_can_be_given_again(
    finished, tmp_path, monkeypatch, capsys
):
    """check --out, report, storms --picture, copy: the file is named, nothing half is left, the
    command that is told succeeds.
    """
    import os

    true, broken = os.fsync, [True]

    def full(number):
        if broken[0]:
            raise OSError(28, "No space left on device")
        true(number)

    monkeypatch.setattr(os, "fsync", full)
    shutil.copytree(finished / "run", tmp_path / "run")
    for words, again, left in (
        (["check", finished / "s.toml", "--out", tmp_path / "check"], None, ["check"]),
        (["report", tmp_path / "run"], ["report", str(tmp_path / "run")], ["run"]),
        (["storms", "zhengzhou-720", "--picture", tmp_path / "storm.png"], None, []),
        (["copy", "teaching", tmp_path / "copied", "--as-files"], None, ["copied"]),
    ):
        broken[0] = True
        command(*words, code=3)
        text = capsys.readouterr().err
        assert text.startswith("E602 ") and "No space left" in text and text.count("E602") == 1, (
            text
        )
        made = [
            p
            for name in left
            for p in (tmp_path / name).rglob("*")
            if ".part" in p.name
            or (
                p.suffix in (".png", ".gpkg", ".tif")
                and not p.name.startswith(("max_", "arrival_"))
            )
        ]
        assert not made
        broken[0] = False
        if again is not None:
            assert named(text) == again
        command(*words)
        capsys.readouterr()


def test_a_studys_wrong_input_is_told_before_a_worker_starts(tmp_path, monkeypatch, capsys):
    """Exit 2 with file and key, also of its second storm; nothing is made; mended as it is said,
    the study starts.
    """
    started = []

    def start(*args, **keys):
        started.append(args)
        raise OutputError("started")

    monkeypatch.setattr("flood_sim.study.queue.open_client", start)
    measure = (
        '[measure.{0}]\nkind = "pond_restoration"\ntargets = {{ polygon_m = [[10, 10], [40, 10],'
        " [40, 40], [10, 40]] }}\ndepth_m = 0.5\ncost = 1e6\n"
    )
    (tmp_path / "s.toml").write_text(GOOD + measure.format("pond"))
    text = (
        '{}scenario = "s.toml"\nname = "few"\nportfolios = "factorial"\n[projects]\nponds ='
        ' ["pond"]\n[storms.a]\n[storms.b.rainfall]\nkind = "storm"\nstorm = "zhengzhou-72"\n'
    )
    (tmp_path / "study.toml").write_text(text.format("schema = 1\n"))
    command("study", "run", tmp_path / "study.toml", "--out", tmp_path / "out", code=2)
    said = capsys.readouterr().err
    if "unknown key" in said or "missing" in said:
        pytest.fail(said)
    assert (
        "zhengzhou-72" in said
        and "s.toml, [rainfall], `storm`" in said
        and not started
        and not (tmp_path / "out").exists()
    )
    (tmp_path / "study.toml").write_text(
        text.format("schema = 1\n").replace('"zhengzhou-72"', '"zhengzhou-720"')
    )
    command("study", "run", tmp_path / "study.toml", "--out", tmp_path / "out", "--quiet", code=3)
    assert started


def test_own_standards_limits_and_loads_are_named_and_mended_as_said(tmp_path):
    """A key that lacks or a text for a number: the option's file and key; with what is told added
    they are read.
    """
    from flood_sim.analysis.limits.files import LIMITS, read_limits
    from flood_sim.analysis.standards.files import STANDARDS, read_loads, read_standards

    path = tmp_path / "own.toml"
    for read, model, old, new, place in (
        (
            lambda: read_standards(str(path)),
            STANDARDS / "china.toml",
            "limit_m = 0.15\nshare = 0.99",
            "limit_m = 0.15",
            "[waterlogging], criterion 1 `share`",
        ),
        (
            lambda: read_standards(str(path)),
            STANDARDS / "china.toml",
            "ladder_y = [1,",
            'ladder_y = ["one",',
            "`ladder_y`, value 1",
        ),
        (
            lambda: read_limits(str(path)),
            LIMITS,
            "reaction_min = 5.0",
            "",
            "[evacuation] `reaction_min`",
        ),
        (
            lambda: read_limits(str(path)),
            LIMITS,
            "still_depth_m = 0.30",
            'still_depth_m = "deep"',
            "[vehicles] small_car `still_depth_m`",
        ),
        (
            lambda: read_loads(path),
            STANDARDS / "reference_city.toml",
            "crest_m = 1.5",
            "crest_m = nan",
            "--loads own.toml, [river] `crest_m`",
        ),
        (
            lambda: read_loads(path),
            STANDARDS / "reference_city.toml",
            "[short]",
            "[shrot]",
            "did you mean `short`",
        ),
    ):
        text = model.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InputError) as told:
            read()
        assert place in str(told.value) and all(f.do for f in told.value.findings), str(told.value)
        path.write_text(text, encoding="utf-8")
        read()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".".join(["a"] * 30000) + " = 1\n" + GOOD, "more than 16 parts"),
        (GOOD + "a = " + "{ a = " * 200 + "1" + " }" * 200, "deep in each other"),
        (GOOD + "a = " + "[" * 300 + "]" * 300, "deep in each other"),
        (GOOD.replace("schema = 1", "schema = 1" + "0" * 5000), "hundreds of digits"),
        (GOOD.replace("schema = 1", "schema = 0x1" + "f" * 5000), "hundreds of digits"),
        ("".join(f"a{k}.b = 1\n" for k in range(3000)) + GOOD, "2900 more faults"),
    ],
)
def test_files_made_to_hurt_are_refused_at_once(tmp_path, text, words):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(InputError) as told:
        load_scenario(tmp_path / "s.toml")
    assert words in str(told.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\x89HDF\r\n\x1a\n", b"[1, 2]", b"null"],
    ids=["empty", "cut", "head", "list", "null"],
)
def test_files_of_results_that_are_damaged_are_told(finished, tmp_path, content, capsys):
    """Empty, cut or foreign files beside a whole fields.nc: one message with the file, exit 2; what
    is made anew by the command needs no message.
    """
    from flood_sim.analysis.compare import compare
    from flood_sim.analysis.html.runs import runs_context
    from flood_sim.analysis.outcomes.consequences import Consequences
    from flood_sim.analysis.pictures import plots
    from flood_sim.results import open_results

    reads = {
        "exposure.nc": lambda r: Consequences(r).exposure,
        "network.gpkg": plots.node_flooding_map,
        "measures.json": lambda r: runs_context([r]),
        "scenario.toml": lambda r: compare(r, r).changed_inputs,
        "consequences.json": lambda r: compare(r, r).rows,
    }
    for name, read in reads.items():
        folder = tmp_path / name
        shutil.copytree(finished / "run", folder)
        (folder / name).write_bytes(content)
        try:
            read(open_results(folder))
        except InputError as told:
            (finding,) = told.findings
            assert finding.code == "E110" and finding.place == str(folder / name) and finding.do
