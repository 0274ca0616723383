"""What a network is told, window by window, on disk: SWMM's hot start is float32 and loses state,
the same calls again do not.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flood_sim.drainage.protocol import DrainageNetwork


class TapedNetwork:
    """A network that writes down what it is told, window by window; everything else is the
    network's own.
    """

    def __init__(self, network: DrainageNetwork, path: Path) -> None:
        self._network, self._file = network, path.open("ab")
        self._digest = hashlib.sha256()  # of the whole tape
        self._links: list[tuple[float, float]] = []
        self._inflow = self._surcharge = np.zeros(len(network.node_ids))
        self._stages = np.full(network.outfalls.size, np.nan)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._network, name)

    def set_inflow(self, flow_m3_s: np.ndarray) -> None:
        self._inflow = flow_m3_s.copy()
        self._network.set_inflow(flow_m3_s)

    def set_surcharge_depth(self, depth_m: np.ndarray) -> None:
        self._surcharge = depth_m.copy()
        self._network.set_surcharge_depth(depth_m)

    def set_links(self, links: Sequence[int], setting: float) -> None:
        self._links += [(float(link), setting) for link in links]
        self._network.set_links(links, setting)

    def set_outfall_stages(self, stage_m: np.ndarray) -> None:
        self._stages = stage_m.copy()
        self._network.set_outfall_stages(stage_m)

    def advance(self, stop_s: float) -> None:
        numbers = np.concatenate(
            [
                [stop_s],
                self._inflow,
                self._surcharge,
                self._stages,
                np.array(self._links, float).ravel(),
            ]
        )
        data = zlib.compress(numbers.astype("<f8").tobytes(), 1)
        block = struct.pack("<I", len(data)) + data
        self._digest.update(block)
        self._file.write(block)
        self._links = []
        self._network.advance(stop_s)

    def replay(self, path: Path, length: int, with_outfalls: bool) -> None:
        """Bring the network to where the tape ends: the same calls in the same order give the same
        heads bit for bit.
        """
        nodes, outfalls = len(self.node_ids), self.outfalls.size
        for block in blocks(path, length):
            for link, setting in block[1 + 2 * nodes + outfalls :].reshape(-1, 2):
                self._network.set_links([int(link)], float(setting))
            self._network.set_inflow(block[1 : 1 + nodes])
            self._network.set_surcharge_depth(block[1 + nodes : 1 + 2 * nodes])
            stages = block[1 + 2 * nodes : 1 + 2 * nodes + outfalls]
            if np.isfinite(stages).all() and outfalls:
                self._network.set_outfall_stages(stages)
            self._network.advance(float(block[0]))
            if with_outfalls:
                self._network.outfall_volume()
        self._digest = digest_of(path, length)

    def recorded(self) -> tuple[int, str]:
        """Bytes on disk now, and their SHA-256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell(), self._digest.hexdigest()

    def close(self) -> None:
        try:
            self._file.close()
        finally:
            self._network.close()


def blocks(path: Path, length: int) -> Iterator[np.ndarray]:
    """The windows of a tape, each (n,): stop (s), inflows (nodes,) m3/s, surcharge depths (nodes,)
    m, stages (outfalls,) m or NaN, then link and setting in turn.
    """
    with path.open("rb") as file:
        while file.tell() < length:
            (size,) = struct.unpack("<I", file.read(4))
            yield np.frombuffer(zlib.decompress(file.read(size)), "<f8").astype(float)


def digest_of(path: Path, length: int) -> Any:
    """SHA-256 of the first `length` bytes of a file, to be carried on."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while length > 0 and (block := file.read(min(length, 1 << 20))):
            digest.update(block)
            length -= len(block)
    return digest
