"""`python -m benchmarks NAME [--json FILE]`: run a benchmark, print its figures, write them for programs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kernels"))

from benchmarks.speed import kernel

BENCHMARKS = {"kernel": kernel.run}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=[*BENCHMARKS, "all"])
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--peer-python", help="Python >= 3.12 for peers that need it")
    options = parser.parse_args()
    names = list(BENCHMARKS) if options.name == "all" else [options.name]
    results = [BENCHMARKS[name](options.peer_python) for name in names]
    for result in results:
        print(f"{result['benchmark']} on {result['machine']['processor']}, {result['machine']['cores']} cores")
        for f in result["figures"]:
            value = "null" if f["value"] is None else f"{f['value']:.3g}"
            goal = "" if f["goal"] is None else f"goal {f['goal']}: {'holds' if f['holds'] else 'missed'}"
            print(f"  {f['name']:<44} {value:>8} {f['unit']:<6} {goal} {f.get('note', '')}")
    if options.json:
        options.json.write_text(json.dumps(results[0] if len(results) == 1 else results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
