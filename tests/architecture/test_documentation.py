"""The documentation: every page is in the navigation; links, anchors, paths and commands in the
pages are there; the README is short and its two languages say the same.
"""

import importlib.metadata
import importlib.util
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml

import flood_sim
from flood_sim.cli.main import app, main
from flood_sim.core import error_causes, error_reference

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
NOW = [page for page in PAGES if page.name != "CHANGELOG.md"]  # a changelog names what was
CODES = re.compile(r"[EW]\d{3}")


def text_of(name: str | Path) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_page_is_in_the_navigation():
    named = set(re.findall(r":\s+(\S+\.md)$", text_of("mkdocs.yml"), re.MULTILINE))
    assert named == {str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md")}


def anchors_of(page: Path) -> set[str]:
    """Anchors of the headings of a page, as GitHub writes them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    for target, anchor in re.findall(
        r"\]\(([^)#\s]*)(?:#([^)\s]+))?[^)]*\)", page.read_text(encoding="utf-8")
    ):
        if target.startswith(("http", "mailto")):
            continue
        there = (page.parent / target) if target else page
        assert there.exists(), f"{page.name}: {target}"
        assert not anchor or anchor in anchors_of(there), f"{page.name}: {target}#{anchor}"


@cache
def file_names() -> set[str]:
    rooms = ("flood_sim", "kernels", "tests", "benchmarks", "examples", "docs")
    files = [path for room in rooms for path in (ROOT / room).rglob("*") if path.is_file()]
    return {path.name for path in files}


@pytest.mark.parametrize("page", NOW, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_path_of_the_repository_exists(page):
    """Paths with a folder of the repository or of the package, with or without backticks, and
    names of Python files in backticks."""
    text = page.read_text(encoding="utf-8")
    bases = (ROOT, ROOT / "flood_sim", ROOT / "kernels", DOCS, page.parent)
    rooms = {path.name for path in (*ROOT.iterdir(), *(ROOT / "flood_sim").iterdir())} - {
        "results",
        "city",
    }
    for found in re.findall(r"(?<![\w/.$<:-])([\w-]+(?:/[\w.-]+)+)", text):
        path = found.rstrip(".")
        if path.split("/")[0] in rooms and "." in path.rsplit("/", 1)[-1]:
            assert any((base / path).exists() for base in bases), f"{page.name}: {path}"
    for name in re.findall(r"`(\w+\.py)`", text):
        assert name in file_names(), f"{page.name}: {name}"
    for folder in re.findall(r"`((?:flood_sim|tests|kernels|docs|benchmarks)/[\w/]+)`", text):
        assert (ROOT / folder).exists(), f"{page.name}: {folder}"


def commands_in(page: Path) -> list[list[str]]:
    """Words after `flood-sim` of every command of a page: lines of code blocks, code in a line."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines()]
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    lines += re.findall(r"`([^`\n]+)`", outside)
    found = [re.search(r"(?:^|[/&] ?)flood-sim (?! ->)(.*)", line) for line in lines]
    said = [match[1] for match in found if match and "->" not in match[1]]
    return [shlex.split(re.sub(r"[][]", " ", line), comments=True) for line in said]


@pytest.mark.parametrize("page", NOW, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_command_of_a_page_parses(page):
    """By typer's own parser: the command exists, its options and arguments too. A command without
    arguments is a name; of one that ends in ... only the options are looked at. X is a number.
    """
    group = typer.main.get_command(app)
    for words in commands_in(page):
        command, rest = group, [re.sub("^(X|值)$", "1", word) for word in words]
        while rest and rest[0] in getattr(command, "commands", {}):
            command, rest = command.commands[rest[0]], rest[1:]
        options = [option for option in rest if option.startswith("--")]
        known = [name for p in command.params for name in (*p.opts, *p.secondary_opts)]
        assert set(options) <= set(known), f"{page.name}: {words}"
        assert options or command is not group, f"{page.name}: {words}"
        if rest and command is not group and not rest[-1].endswith(("...", "…")):
            command.make_context("flood-sim", list(rest))


@pytest.mark.parametrize("page", NOW, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_that_a_page_runs_exists(page):
    text = page.read_text(encoding="utf-8")
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert importlib.util.find_spec(module) or module == "venv", f"{page.name}: {module}"
    known = text_of("benchmarks/__main__.py")
    for name in re.findall(r"python -m benchmarks ([a-z]+)", text):
        assert f'"{name}",' in known, f"{page.name}: {name}"


MOST_ROOMS = 19  # rooms directly in flood_sim/


def test_the_rooms_of_the_architecture_page_exist():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rows = [
        line.split("|")[1]
        for line in page.splitlines()
        if line.startswith("| ") and "---" not in line
    ][1:]
    names = [name.strip(" `") for row in rows for name in re.split(r",|`", row) if name.strip(" `")]
    there = {p.name + "/" * p.is_dir() for p in (ROOT / "flood_sim").iterdir()} - {
        "__init__.py",
        "__pycache__/",
        "_scenarios/",
    }
    assert set(names) == there | {"kernels/flood_kernels"} and len(there) <= MOST_ROOMS


def rows_of(name: str, start: str) -> list[list[str]]:
    """Cells of the table that begins with the row `start`."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith(start)) + 2
    table = []
    for line in lines[first:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


LANGUAGES = ("README.md", "README.zh.md")
MOST_LINES, MOST_WORDS, LONGEST_SENTENCE = 130, 900, 25


def outside_blocks(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def test_the_readme_is_short():
    """Lines, words outside code blocks, words of the longest sentence outside tables."""
    text = text_of("README.md")
    assert len(text.splitlines()) <= MOST_LINES
    words = outside_blocks(text)
    assert len(words.split()) <= MOST_WORDS
    lines = [line for line in words.splitlines() if not line.startswith(("|", "!", "- ", "#"))]
    for sentence in re.split(r"(?<=[.:?])\s", "\n".join(lines)):
        assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


def test_the_first_blocks_are_what_continuous_integration_reads():
    """One line each: the main job, the tests."""
    job, tests = re.findall(r"```sh\n(.*?)```", text_of("README.md"), re.DOTALL)[:2]
    assert job.count("\n") == tests.count("\n") == 1
    assert "flood-sim run quickstart" in job and "-m pytest" in tests


def test_figures_of_the_readme_stand_in_validation_or_measured():
    known = text_of("docs/validation.md") + text_of("docs/measured.md")
    rows = rows_of("README.md", "| | figure |")
    assert len(rows) == 11
    for number in (n for row in rows for n in re.findall(r"\d[\d.e-]*\d|\d", row[1])):
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d])", known), number


def test_the_scenario_of_the_readme_is_accepted(tmp_path, monkeypatch):
    """Its commands are those of the tutorial, which a test runs."""
    block = re.findall(r"```sh\n(.*?)```", text_of("README.md"), re.DOTALL)[2]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as done:
        main(["copy", "teaching", "my", "--as-files"])
    assert not done.value.code
    scenario = re.search(r"<<'END'\n(.*?)END\n", block, re.DOTALL)[1]
    (tmp_path / "my" / "mine.toml").write_text(scenario, encoding="utf-8")
    with pytest.raises(SystemExit) as done:
        main(["check", "my/mine.toml", "--portfolio", "inlets"])
    assert not done.value.code
    verbs = re.findall(r"^flood-sim (\w+)", block, re.MULTILINE)
    tutorial = re.findall(r"^flood-sim (\w+)", text_of("docs/tutorial.md"), re.MULTILINE)
    assert len(verbs) == 7 and set(verbs) == set(tutorial)


def test_the_chinese_readme_says_the_same():
    """Same blocks, headings, commands, links, and the same figures in each row."""
    english, chinese = (text_of(name) for name in LANGUAGES)
    for pattern in (r"```sh\n.*?```", r"^#+(?= )", r"`flood-sim[^`]*`", r"\]\(((?!README)[^)]*)\)"):
        one, other = (
            re.findall(pattern, text, re.DOTALL | re.MULTILINE) for text in (english, chinese)
        )
        assert one == other, pattern
    figures = [
        [sorted(re.findall(r"\d[\d.e-]*", " ".join(row))) for row in rows_of(name, start)]
        for name, start in zip(LANGUAGES, ("| | figure |", "| | 数字 |"), strict=True)
    ]
    assert figures[0] == figures[1]


def test_the_chinese_table_of_the_six_projects_says_the_same():
    english = rows_of("docs/six_projects.md", "| portfolio | capital")
    chinese = rows_of("docs/quickstart.zh.md", "| 方案 |")
    columns = [1, 2, 3, 5, 6, 7, 8]
    known = [[row[k] for k in columns] for row in english]
    assert len(chinese) >= 8 and all(row[1:] in known for row in chinese), [
        row for row in chinese if row[1:] not in known
    ]


def test_every_command_is_in_the_readme_and_in_the_page_of_commands():
    verbs = set(typer.main.get_command(app).commands)
    for name in (*LANGUAGES, "docs/commands.md"):
        assert verbs == set(re.findall(r"`flood-sim ([a-z][a-z-]*)", text_of(name))), name


def test_the_page_of_messages_is_what_the_sources_say():
    assert error_reference.document() == text_of("docs/errors.md"), (
        "python -m flood_sim.core.error_reference > docs/errors.md"
    )


def test_every_code_has_a_cause_and_every_cause_a_code():
    sources = [path for path in (ROOT / "flood_sim").rglob("*.py") if "error_" not in path.name]
    used = {code for path in sources for code in CODES.findall(path.read_text(encoding="utf-8"))}
    assert used == set(error_causes.CAUSES)
    said = {message.code for message in error_reference.messages()}
    assert used - said <= {"E100"}  # it hands on the text of another process


@pytest.mark.parametrize(
    "source, expected",
    [
        ('input_error("E999", p, f"no {x}", do="mend it")', ("E999", "no …", "mend it")),
        ('Finding("E999", p, "too deep", allowed="1 m")', ("E999", "too deep", "give what is allowed")),
        ('"E999 place: it broke\\n  do   wait"', ("E999", "it broke", "wait")),
        ('rows = [("W999", names, "pipes rise here")]', ("W999", "pipes rise here", "")),
    ],
)  # fmt: skip
def test_messages_are_found_in_a_source(source, expected):
    tree = error_reference.ast.parse(source)
    assert list(error_reference.of_module(tree, {})) == [expected]


TWO = """
def look(deep, wide):
    do = "dig"
    if deep:
        text = "too deep"
        raise input_error("E999", p, text, do=do)
    text = "too wide"
    do = do.upper()
    if wide:
        text = "too flat"
    return Finding("W999", p, text, do=do)
"""


def test_a_name_means_what_it_was_given_last_before_the_message():
    """A branch in between may or may not have run; what a call gives is not known."""
    found = sorted(error_reference.of_module(error_reference.ast.parse(TWO), {}))
    assert found == [
        ("E999", "too deep", "dig"),
        ("W999", "too flat", "dig"),
        ("W999", "too wide", "dig"),
    ]


def test_a_call_with_its_own_code_is_no_other_function_of_that_name():
    tree = error_reference.ast.parse('source.doubt("W998", "no trace", do="draw it")')
    passing = {"doubt": error_reference.Passing("W999", 1, None)}
    assert list(error_reference.of_module(tree, passing)) == [("W998", "no trace", "draw it")]


def test_the_citation_file_follows_cff_1_2_0():
    cited = yaml.safe_load(text_of("CITATION.cff"))
    assert cited["cff-version"] == "1.2.0"
    assert {"cff-version", "message", "title", "authors", "version"} <= set(cited)
    assert set(cited) <= {
        *("cff-version", "message", "title", "authors", "version", "type", "abstract"),
        *("license", "keywords"),
    }
    assert cited["authors"] == [{"name": "The flood_sim developers"}]
    assert cited["version"] == flood_sim.__version__ == importlib.metadata.version("flood-sim")
