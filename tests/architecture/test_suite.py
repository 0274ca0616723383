"""The order of the suite's files where several processes share them (tests/conftest.py)."""

from types import SimpleNamespace

from conftest import EARLY, ROOT, pytest_collection_modifyitems


def test_every_early_file_is_there():
    assert [name for name in EARLY if not (ROOT / "tests" / name).is_file()] == []


def test_several_processes_take_the_early_files_first():
    paths = [ROOT / "tests" / name for name in ("a.py", EARLY[3], "b.py", EARLY[0])]
    items = [SimpleNamespace(path=p, get_closest_marker=lambda name: None) for p in paths]
    pytest_collection_modifyitems(SimpleNamespace(workerinput={}), items)
    assert [item.path for item in items] == [paths[3], paths[1], paths[0], paths[2]]
