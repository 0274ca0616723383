"""`python -m benchmarks NAME [--json FILE]`: run a benchmark, print its figures, write them for
programs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kernels"))
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin slow every neighbour down

from benchmarks.cases import accuracy
from benchmarks.cases.accuracy import DATA
from benchmarks.reliability import hold, kills, limits, networks
from benchmarks.speed import coupling, kernel, study
from benchmarks.tables import markdown, regressions


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "name",
        choices=[
            "kernel",
            "coupling",
            "accuracy",
            "kills",
            "hold",
            "networks",
            "limits",
            "study",
            "all",
        ],
    )
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--peer-python", help="Python >= 3.12 for peers that need it")
    parser.add_argument(
        "--only",
        nargs="*",
        default=[],
        help="accuracy: cases whose names begin so; hold: its parts",
    )
    parser.add_argument(
        "--long",
        action="store_true",
        help=(
            "accuracy: also the cases of many minutes (Carlisle, a million steps); study: 192 runs"
            " of 1 km2"
        ),
    )
    parser.add_argument("--pictures", type=Path, help="accuracy: folder for one picture a case")
    parser.add_argument("--kills", type=int, default=200, help="kills: how many")
    parser.add_argument("--count", type=int, help="hold: at most so many of each part")
    parser.add_argument(
        "--table",
        type=Path,
        help="write the figures as tables of Markdown, with machine, versions and date",
    )
    parser.add_argument(
        "--gate",
        type=Path,
        help="accuracy: an earlier --json; ends with 1 where a figure got worse",
    )
    options = parser.parse_args()
    results = []
    if options.name in ("kernel", "all"):
        results.append(kernel.run(options.peer_python))
    if options.name in ("coupling", "all"):
        results.append(coupling.run())
    if options.name in ("accuracy", "all"):
        results.append(accuracy.run(tuple(options.only), options.long, options.pictures))
    if options.name in ("kills", "all"):
        results.append(kills.run(options.kills))
    if options.name in ("hold", "all"):
        results.append(hold.run(options.only if options.name == "hold" else (), options.count))
    if options.name in ("study", "all"):
        results.append(study.run(options.long))
    if options.name in ("limits", "all"):
        results.append(limits.run())
    if options.name in ("networks", "all"):
        results.append(networks.run(DATA if DATA.is_dir() else None))
    for result in results:
        print(
            f"{result['benchmark']} on {result['machine']['processor']},"
            f" {result['machine']['cores']} cores"
        )
        for f in result["figures"]:
            value = "null" if f["value"] is None else f"{f['value']:.3g}"
            side = ">=" if f.get("lower") else "<="
            goal = (
                ""
                if f["goal"] is None
                else f"goal {side} {f['goal']:.3g}: {'holds' if f['holds'] else 'missed'}"
            )
            print(f"  {f['name']:<58} {value:>8} {f['unit']:<6} {goal} {f.get('note', '')}")
    if options.table:
        options.table.write_text(markdown(results, date.today()), encoding="utf-8")
    if options.gate:
        earlier = json.loads(options.gate.read_text(encoding="utf-8"))
        before = next(
            r
            for r in (earlier if isinstance(earlier, list) else [earlier])
            if r["benchmark"] == "accuracy"
        )
        worse = [
            line
            for r in results
            if r["benchmark"] == "accuracy"
            for line in regressions(r, before, part=bool(options.only))
        ]
        print(
            "\n".join(["worse than before:", *worse])
            if worse
            else "no figure of accuracy is worse than before"
        )
    if options.json:
        options.json.write_text(
            json.dumps(results[0] if len(results) == 1 else results, indent=2) + "\n",
            encoding="utf-8",
        )
    if options.gate and worse:
        sys.exit(1)


if __name__ == "__main__":
    main()
