"""Fixtures for all tests: where the public cases lie, and an order that runs the quick tests
first.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None)  # the same examples everywhere
settings.load_profile("fixed")

os.environ[
    "FLOOD_SIM_RAISE"
    # in children, too: a fault of ours is a traceback, never one line and exit 3
    # (tests/cli/test_last_net.py)
] = "1"

ROOT = Path(__file__).resolve().parent.parent


def shared_folder() -> Path | None:
    for text in (os.environ.get("FLOOD_SIM_SHARED_DATA"), str(ROOT.parent / "shared" / "data")):
        if text and Path(text).is_dir():
            return Path(text)
    return None


@pytest.fixture
def shared_data() -> Path:
    folder = shared_folder()
    if folder is None:
        pytest.skip(
            "the public cases are not here: set FLOOD_SIM_SHARED_DATA or put them into"
            " ../shared/data"
        )
    return folder


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
