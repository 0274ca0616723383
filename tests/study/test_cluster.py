"""A study on a scheduler with TLS, on the loopback; a connection that is refused is one message; a
run that takes too much memory is stopped.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest

from flood_sim.study import load_study
from flood_sim.study.cluster import memory_need
from flood_sim.study.store import Store
from flood_sim.study.worker import hydraulics
from study.test_study import written


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture
def encrypted(tmp_path):
    """Address and environment of a scheduler with one worker, both with TLS."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-keyout",
        key,
        "-out",
        certificate,
    ]
    subprocess.run(
        [*command, "-days", "2", "-subj", "/CN=flood-sim"], check=True, capture_output=True
    )
    tls = {"REQUIRE_ENCRYPTION": "true", "TLS__CA_FILE": certificate}
    tls |= {
        f"TLS__{who}__{part}": path
        for who in ("SCHEDULER", "WORKER", "CLIENT")
        for part, path in (("CERT", certificate), ("KEY", key))
    }
    environment = os.environ | {
        f"DASK_DISTRIBUTED__COMM__{name}": str(value) for name, value in tls.items()
    }
    address = f"tls://127.0.0.1:{free_port()}"
    dask = (
        [sys.executable, "-m", "distributed.cli.dask_scheduler"],
        [
            sys.executable,
            "-m",
            "distributed.cli.dask_worker",
        ],
    )
    common = ["--protocol", "tls", "--host", "127.0.0.1", "--no-dashboard"]
    quiet = {"env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [
        subprocess.Popen([*dask[0], *common, "--port", address.rsplit(":", 1)[1]], **quiet)
    ]
    processes.append(
        subprocess.Popen([*dask[1], address, *common, "--nthreads", "1", "--no-nanny"], **quiet)
    )
    time.sleep(1.0)
    yield address, environment
    for process in reversed(processes):
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_study_runs_over_tls_and_nobody_enters_without_a_certificate(tmp_path, encrypted):
    address, environment = encrypted
    path = written(tmp_path / "study", "portfolios = { as_it_is = [], pipes = ['pipe_network'] }\n")

    def study(out, scheduler, **environ):
        command = [
            sys.executable,
            "-m",
            "flood_sim.cli",
            "study",
            "run",
            str(path),
            "--out",
            str(tmp_path / out),
            "--scheduler",
            scheduler,
        ]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=environment | environ,
            check=False,
            timeout=1800,
        )

    done = study("out", address)
    assert done.returncode == 0 and "2 of 2 runs complete" in done.stderr, done.stderr
    for scheduler, changed in (
        (address.replace("tls", "tcp"), {}),
        (address, {"DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT": ""}),
    ):
        refused = study("refused", scheduler, **changed)
        assert (
            refused.returncode == 2
            and "no connection" in refused.stderr
            and "Traceback" not in refused.stderr
        ), refused.stderr


def test_memory_is_planned_for_the_largest_grid(tmp_path):
    """A storm or a draw on cells of a quarter of the size: sixteen times the cells; what changes no
    size counts nothing.
    """
    coarse = memory_need(load_study(written(tmp_path)))
    fine = memory_need(
        load_study(
            written(
                tmp_path, "[storms.a.rainfall]\nscale = 0.5\n[storms.b.city]\ncell_size_m = 2.5\n"
            )
        )
    )
    drawn = memory_need(
        load_study(
            written(tmp_path, '[draws]\nn = 4\n[draws.choices]\n"city.cell_size_m" = [10.0, 2.5]\n')
        )
    )
    cells = 50 * 50
    per_cell = (fine - coarse) / (15 * cells)
    assert fine == drawn > coarse and 40.0 < per_cell < 400.0
    assert (
        memory_need(load_study(written(tmp_path, "[storms.a.rainfall]\nscale = 0.5\n"))) == coarse
    )


def test_a_run_beyond_its_memory_fails_alone(tmp_path):
    """The same run: with what it is expected to take, and with a limit that the libraries alone
    exceed.
    """
    study = load_study(written(tmp_path))
    assert 0.5e9 < memory_need(study) < 2e9
    code = (
        "from flood_sim.study.child import limit_memory; import numpy as np\n"
        "limit_memory(0)\n"
        "try:\n    np.ones(2**28)\nexcept MemoryError:\n    print('stopped')\n"
        "limit_memory(2**31); np.ones(2**28); print('went on')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (
        done.stdout.split("\n")[:2] == ["stopped", "went on"] if sys.platform == "linux" else True
    )
    store = Store(tmp_path / "out")
    store.prepare()
    request = (
        '{"scenario": "nowhere.toml", "allowed": [], "changes": {}, "portfolio": "x", "measures":'
        ' [], "actions": null, "threads": 1, "memory_bytes": 100000000}'
    )
    answer = hydraulics(request, str(store.folder), 600.0)
    assert answer["status"] == "refused"


@pytest.mark.parametrize(
    ("does", "status", "said"),
    [
        ("import ctypes; ctypes.string_at(0)", "died", "ended with -11"),
        ("import time; time.sleep(60)", "timeout", "no answer within 1 s"),
    ],
)
def test_a_model_that_crashes_or_hangs_ends_alone(tmp_path, monkeypatch, does, status, said):
    """RELIABILITY P14, with a stub for SWMM: a segmentation fault, or no answer; the worker lives,
    and its next model starts anew.
    """
    from flood_sim.study import worker

    store = Store(tmp_path / "out")
    store.prepare()
    begun = []

    def start(folder, places):
        begun.append(folder)
        code = does if len(begun) == 1 else 'print(\'{"status": "complete"}\')'
        return subprocess.Popen(
            [sys.executable, "-c", f"input(); {code}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    monkeypatch.setattr(worker, "_start", start)
    wanted = json.dumps({"scenario": str(tmp_path / "s.toml"), "allowed": []})
    answer = worker.hydraulics(wanted, str(store.folder), 1.0 if status == "timeout" else 300.0)
    assert answer["status"] == status and said in answer["message"]
    assert (
        worker.hydraulics(wanted, str(store.folder), 300.0)["status"] == "complete"
        and len(begun) == 2
    )
