"""The commands of docs/cluster.md: whoever reaches one of their ports without a certificate is
refused, or stands on this machine.
"""

import contextlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cluster.md"
LOOPBACK = ("127.0.0.1", "::1")


def commands() -> list[list[str]]:
    """`dask scheduler ...` and `dask worker ...` as the page has them."""
    return [
        line.split("#")[0].split()
        for line in re.findall(
            r"^dask (?:scheduler|worker) .*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]


def listening(process: psutil.Process) -> set[tuple[str, int]]:
    found = set()
    for one in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            found |= {
                tuple(c.laddr)
                for c in one.net_connections("inet")
                if c.status == psutil.CONN_LISTEN
            }
    return found


def speaks_tls(port: int, folder: Path) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
            context.wrap_socket(plain),
        ):
            return True
    except (ssl.SSLError, OSError):
        return False


@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="no openssl: it makes the page's certificates"
)
def test_the_pages_commands_open_no_port_without_tls(tmp_path):
    """Every port that is open beyond the loopback shakes hands by TLS."""
    page = PAGE.read_text(encoding="utf-8")
    (line,) = re.findall(r"^openssl .*$", page, re.MULTILINE)
    subprocess.run(line.replace('"', "").split(), cwd=tmp_path, check=True, capture_output=True)
    shutil.copyfile(tmp_path / "cert.pem", tmp_path / "ca.pem")
    tls = {
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
        "DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(tmp_path / "ca.pem"),
    }
    for who in ("SCHEDULER", "WORKER", "CLIENT"):
        tls |= {
            f"DASK_DISTRIBUTED__COMM__TLS__{who}__{what}": str(tmp_path / f"{what.lower()}.pem")
            for what in ("CERT", "KEY")
        }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    scheduler, worker = (
        " ".join(c).replace("8786", str(port)).replace("//host:", "//127.0.0.1:").split()[1:]
        for c in commands()
    )
    started = []
    try:
        for words in (scheduler, worker):
            log = (tmp_path / f"{words[0]}.log").open("w")
            command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
            started.append(
                subprocess.Popen(
                    command,
                    env=os.environ | tls,
                    cwd=tmp_path,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
            until, wanted = (
                time.monotonic() + 90,
                (2 if words[0] == "scheduler" else 3),
            )  # a worker: its nanny's, its own, its HTTP
            while (
                len(listening(psutil.Process(started[-1].pid))) < wanted
                and time.monotonic() < until
                and started[-1].poll() is None
            ):
                time.sleep(0.3)
        heard = {
            address for process in started for address in listening(psutil.Process(process.pid))
        }
        assert len(heard) >= 5, [
            (tmp_path / f"{n}.log").read_text()[-800:] for n in ("scheduler", "worker")
        ]
        assert [a for a in heard if a[0] not in LOOPBACK and not speaks_tls(a[1], tmp_path)] == []
    finally:
        for process in reversed(started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
