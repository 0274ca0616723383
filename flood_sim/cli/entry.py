"""Where the process of `flood-sim` begins: signals, standard streams and the last net stand before
anything that takes time is imported.

The net: what no part of the program foresaw is one line and exit 3; the traceback goes into a log.
With FLOOD_SIM_RAISE set (the tests set it) it is raised. `flood_sim.cli.main.main` has no net: who
calls it from Python sees the exception.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from types import FrameType
from typing import Any

RAISE = "FLOOD_SIM_RAISE"
WORD = b"interrupted\n"
_asked: list[int] = []  # signals that came in
_ended: list[int] = []  # the exit code, once the command is done


class Terminated(SystemExit):
    """SIGTERM came in: every `finally` is done, then the process ends with 143."""


def _leave_at_once(number: int, frame: FrameType | None) -> None:
    """While nothing is begun, and once all is done: there is nothing to put in order."""
    os.write(2, WORD)
    os._exit(128 + number)


def _ask_to_stop(number: int, frame: FrameType | None) -> None:
    _asked.append(number)
    if number == signal.SIGTERM:
        raise Terminated(128 + number)
    raise KeyboardInterrupt


def _finished() -> None:
    """All is done: nothing of ours handles a signal any more, and the exit code shall say so.

    Python ends by the signal itself where Ctrl-C fell into an `eval` (a dataclass that is being
    made, say), whoever caught it: the code is given here, when all else has been put in order.
    After a run it would also take two seconds to give back the memory of compiled kernels one by
    one: the system does it at once.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    if _ended:
        os._exit(_ended[-1])


def _catch(handler: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if (
            signal.getsignal(number) is not signal.SIG_IGN or handler is _leave_at_once
        ):  # `nohup`, a shell's background job: they asked for it
            signal.signal(number, handler)


def main(arguments: list[str] | None = None) -> None:
    """Run the command of the command line and end the process: 0, 2, 3 or 4 as documented, 130 and
    143 after a signal, never with a traceback.
    """
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if not ignored:
        signal.signal(signal.SIGINT, _leave_at_once)
    signal.signal(signal.SIGTERM, _leave_at_once)
    atexit.register(_finished)  # the first that is registered is called last
    from flood_sim.core import net

    net.open_streams()
    sys.unraisablehook = _unraisable
    code = 3
    try:
        from flood_sim.cli.main import main as command

        _catch(_ask_to_stop)
        command(arguments)
        code = 0
    except Terminated:
        net.tell("interrupted")
        code = 143
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 3
    except KeyboardInterrupt:
        net.tell("interrupted")
        code = 130
    except BaseException as error:
        if RAISE in os.environ:
            raise
        if (
            _asked
        ):  # what a signal tore is no fault: libraries take an interrupted import for a broken one
            net.tell("interrupted")
            code = 128 + _asked[-1]
        else:
            net.tell(net.fault(error, sys.argv))
    _catch(_leave_at_once)
    code = net.close_streams(code)
    _ended.append(code)
    sys.exit(code)


def _unraisable(hooked: Any) -> None:
    """What was raised where nobody can catch it (a callback of a library): a signal is sent again,
    all else is told as Python does.
    """
    if isinstance(hooked.exc_value, (KeyboardInterrupt, Terminated)):
        import threading

        threading.Timer(
            0.02, os.kill, (os.getpid(), _asked[-1] if _asked else signal.SIGINT)
        ).start()
    else:
        sys.__unraisablehook__(hooked)
