"""Commands of flood-sim given in this process: a start of Python with its imports and kernels costs
three seconds. Tests of processes (signals, kills, streams, the sandbox) start their own.
"""

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

from flood_sim.cli.main import main


class Told(NamedTuple):
    """What a command said, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


def flood_sim(*words) -> Told:
    """One command as a user gives it. A fault of ours is raised, as FLOOD_SIM_RAISE has it."""
    out, said, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(said):
        try:
            main([str(word) for word in words])
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return Told(code, out.getvalue(), said.getvalue())
