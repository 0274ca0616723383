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
            assert target.startswith(("http", "mailto")) or (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_rooms_of_the_architecture_page_exist():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| ") and "---" not in line][1:]
    names = [name.strip(" `") for row in rows for name in re.split(r",|`", row) if name.strip(" `")]
    known = {p.stem for p in (ROOT / "flood_sim").iterdir()} | {"kernels/flood_kernels"}
    assert len(names) > 30 and set(names) <= known, set(names) - known
