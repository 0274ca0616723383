"""Fixtures for all tests: where the public cases lie, and an order that runs the quick tests
first.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest
from hypothesis import settings

settings.register_profile("fixed", derandomize=True, deadline=None)  # the same examples everywhere
settings.load_profile("fixed")

os.environ[
    "FLOOD_SIM_RAISE"
    # in children, too: a fault of ours is a traceback, never one line and exit 3
    # (tests/cli/test_last_net.py)
] = "1"

# Read when Numba loads its thread pool: threads that wait must sleep beside another process.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# Files in the order in which several processes take them (-n; --no-loadscope-reorder). First those
# that compile: the first process float32 (which the suite keeps), the second the second-order
# scheme, the third float64, so that nothing is compiled twice at once. Then the long ones, so that none is left to one
# process at the end. The rest follow in the order of their names.
EARLY = (
    "kernels/test_first_run.py",
    "regression/test_accuracy_gate.py",
    "analytical/test_culverts.py",
    "regression/test_quickstart.py",
    "study/test_portfolios.py",
    "study/test_study.py",
    "regression/test_shared_cases.py",
    "regression/test_resume.py",
    "study/test_lost.py",
    "notebooks/test_examples.py",
    "kernels/test_assembly.py",
    "cli/test_tutorial.py",
    "cli/test_cli.py",
    "study/test_lead_time.py",
    "cli/test_comparing.py",
    "regression/test_teaching_sites.py",
    "sites/test_timed_measures.py",
    "cli/test_faults.py",
    "coupling/test_any_network.py",
    "cli/test_disks.py",
    "kernels/test_local_steps.py",
    "regression/test_claims.py",
    "regression/test_zhengzhou_720.py",
)

# A child that may not keep what it compiled of the sources takes a second more to start, each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A shell ignores SIGINT in what runs in its background, nohup SIGHUP, and children inherit that, but
# not a function: signals of theirs are under test.
if threading.current_thread() is threading.main_thread():
    for _number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(_number) is signal.SIG_IGN:
            signal.signal(_number, lambda number, frame: None)

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


def pytest_collection_modifyitems(config, items):
    """One process: the quick tests first. Several: the files as EARLY has them."""
    if not hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.get_closest_marker("slow") is not None)
        return
    place = {ROOT / "tests" / name: k for k, name in enumerate(EARLY)}
    items.sort(key=lambda item: place.get(item.path, len(EARLY)))


HUNG_S = 1200.0  # four times the dearest test on two cores


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """A test that hangs ends its process with the stacks of all threads, so that one hang does not
    cost the whole run. With several processes it is one failure; the others go on.
    """
    if hasattr(item.config, "workerinput"):
        faulthandler.dump_traceback_later(HUNG_S, exit=True)
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that failed leaves no process behind that would run on beside the others."""
    report = yield
    if call.when == "call" and report.failed:
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    return report
