"""Kernel threads of a process: as many as the grid can feed."""

from __future__ import annotations


def limit_kernel_threads(threads: int) -> None:
    """As many kernel threads as bands. Threads that wait must sleep: spinning ones made a run 200
    times slower beside another one (0.9 s became 198 s on two cores); but waking a sleeper costs a
    small grid more than its work (0.02 ms a window became 10 beside another run).
    """
    import numba

    numba.set_num_threads(max(1, min(threads, int(getattr(numba.config, "NUMBA_NUM_THREADS", 1)))))
