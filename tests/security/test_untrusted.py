"""Folders that came by mail, watched by their system calls: nothing outside is opened, changed or
reached. The cases: benchmarks/reliability/untrusted.py.
"""

import pytest

from benchmarks.reliability import watched
from benchmarks.reliability.untrusted import cases
from flood_sim.core import sandbox

KINDS = {
    "SWMM network",
    "path",
    "study file",
    "coordinate system",
    "vector",
    "raster",
    "NetCDF",
    "result folder",
}
pytestmark = pytest.mark.skipif(
    watched.strace() is None, reason="strace cannot run here: system calls are not watched"
)


def faults(answers, by_the_kernel):
    return [
        f"{a.case.kind}, {a.case.name}: {fault}"
        for a in answers
        if (fault := a.faults(by_the_kernel))
    ]


def test_the_checks_alone_let_nothing_in(tmp_path):
    """Each second case of every kind, at least 100, in one process without Landlock: refused (exit
    2) or harmless; 0 reads, writes, sockets outside.
    """
    chosen = cases()[::2]
    answers = watched.watch(chosen, tmp_path)
    assert len(answers) >= 100 and {a.case.kind for a in answers} == KINDS
    assert faults(answers, by_the_kernel=False) == []


@pytest.mark.skipif(sandbox.available() == 0, reason="this kernel has no Landlock")
def test_the_kernel_alone_lets_nothing_in(tmp_path):
    """Each fourth case with every check of paths and contents cut out of the program: Landlock
    holds it.
    """
    chosen = [case for case in cases() if watched.for_the_kernel(case)][1::4]
    answers = watched.watch(chosen, tmp_path, by_the_kernel=True)
    assert len(answers) >= 50
    assert faults(answers, by_the_kernel=True) == []


def test_the_watch_sees_what_it_must(tmp_path):
    """The judge of the calls finds a read, a write and a connection outside, by whole lines of a
    trace.
    """
    answer = watched.Answer(cases()[0], tmp_path)
    outside = tmp_path / "outside" / "target.txt"
    for name, rest in (
        ("openat", f'AT_FDCWD</x>, "l", O_RDONLY) = 5<{outside}>'),
        ("openat", f'AT_FDCWD</x>, "{outside}", O_RDONLY) = -1 ENOENT (No such file)'),
        ("openat", f'AT_FDCWD</x>, "l", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 5<{outside}>'),
        ("unlink", f'"{outside}") = 0'),
        ("connect", "5<socket:[1]>, {sa_family=AF_INET, sin_port=htons(80)}, 16) = 0"),
        ("execve", '"/bin/cat", ["cat"], 0x1) = 0'),
    ):
        watched._judge(answer, name, rest, [], [])
    assert len(answer.read) == 2 and len(answer.written) == 2 and len(answer.called) == 2


def test_the_collector_waits_while_hdf5_looks_through_a_file(tmp_path):
    """It closes files that nobody holds any more; HDF5 2.2 failed where that came between its own
    calls (a false E117 after 38 openings).
    """
    import gc

    import netCDF4

    from flood_sim.core.files import netcdf

    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w") as f:
        f.createDimension("x", 3)
        f.createVariable("depth", "f4", ("x",))[:] = 1.0
    seen, true = [], netcdf._first_outside
    netcdf._first_outside = lambda p: seen.append(gc.isenabled()) or true(p)
    try:
        netcdf.check_netcdf(path)
    finally:
        netcdf._first_outside = true
    assert seen == [False] and gc.isenabled()


THREADS = """
import sys, threading
from pathlib import Path
from flood_sim.core.files.netcdf import open_netcdf

def read(path):
    for _ in range(60):
        with open_netcdf(path) as found:
            for name in found.variables:
                found[name].values

threads = [threading.Thread(target=read, args=(Path(p),)) for p in sys.argv[1:]]
[t.start() for t in threads]
[t.join() for t in threads]
print("all read")
"""


def test_threads_read_netcdf_side_by_side(tmp_path):
    """HDF5 2.2 crashes where two threads use it; an audit judges its portfolios in threads. With
    xarray's own lock alone, six threads end in a segmentation fault within seconds.
    """
    import subprocess
    import sys

    import netCDF4
    import numpy as np

    paths = [tmp_path / f"{k}.nc" for k in range(6)]
    for path in paths:
        with netCDF4.Dataset(path, "w") as f:
            f.createDimension("y", 200)
            for k in range(10):
                f.createVariable(f"v{k}", "f8", ("y",), zlib=True)[:] = np.arange(200.0)
    found = subprocess.run(
        [sys.executable, "-c", THREADS, *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (found.returncode, found.stdout) == (0, "all read\n"), found.stderr
