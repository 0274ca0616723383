"""The documentation site: every page is in its navigation, every link leads somewhere."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def test_every_page_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r":\s+(\S+\.md)$", text, re.MULTILINE))
    assert named == {str(p.relative_to(DOCS)) for p in DOCS.rglob("*.md")}


def test_every_link_leads_somewhere():
    for page in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert target.startswith(("http", "mailto")) or (page.parent / target).exists(), (
                f"{page.name}: {target}"
            )


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


def test_the_chinese_readme_says_the_same():
    """Same commands, same first two code blocks, same figures of the six projects."""
    blocks = [
        re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
        for name in ("README.md", "README.zh.md")
    ]
    assert blocks[1] == blocks[0][:2]
    english, chinese = (
        rows_of("README.md", "| portfolio | capital"),
        rows_of("README.zh.md", "| 方案 |"),
    )
    columns = [1, 2, 3, 5, 6, 7, 8]
    known = [[row[k] for k in columns] for row in english]
    assert len(chinese) >= 8 and all(row[1:] in known for row in chinese), [
        row for row in chinese if row[1:] not in known
    ]
    said = [
        set(re.findall(r"flood-sim ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8")))
        for name in ("README.md", "README.zh.md")
    ]
    assert {
        "list",
        "check",
        "doctor",
        "run",
        "report",
        "explain",
        "compare",
        "measures",
        "study",
        "lead-time",
        "audit",
        "trace",
    } <= said[0] & said[1]
