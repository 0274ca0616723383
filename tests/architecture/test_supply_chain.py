"""RELIABILITY P13: the lock holds everything that is installed, each with the hashes of its files;
the archive that runs a set-up script is pinned.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def locked() -> dict[str, list[str]]:
    """Package to its hashes."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if head := re.match(r"([a-z0-9][a-z0-9.-]*)==\S+", line):
            name = head[1]
            found[name] = []
        elif digest := re.match(r"\s+--hash=sha256:([0-9a-f]{64})\b", line):
            found[name].append(digest[1])
    return found


def test_the_lock_has_every_requirement_with_hashes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    names = {re.split(r"[\[<>=!~; ]", text)[0].lower().replace("_", "-") for text in asked}
    lock = locked()
    assert len(names) > 20 and names <= set(lock), names - set(lock)
    assert [name for name, hashes in lock.items() if not hashes] == []


def test_what_is_built_from_source_is_one_archive():
    """julian (for pyswmm) has no wheel: one hash, or another archive could take its place."""
    assert len(locked()["julian"]) == 1


def test_the_lock_asks_no_other_server():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links", text)
