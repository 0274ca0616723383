"""`python -m benchmarks accuracy`: every case, both schemes, both precisions; one table, one
picture a case (--pictures DIR).
"""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numba

from benchmarks.cases import analytical, directions, public, swashes
from benchmarks.cases.channel import CaseResult, Setting
from benchmarks.speed.kernel import processor

DATA = Path(
    os.environ.get("FLOOD_SIM_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")
)
SETTINGS = [
    Setting(scheme, precision, 1)
    for scheme in ("second_order", "local_inertial")
    for precision in ("float32", "float64")
]
NOT_RUN = {
    "ea8a": "not run: its terrain is not in the folder (ea8a/SOURCE.md says where it is)",
    "ea8b": "not run: its terrain is not in the folder (ea8b/SOURCE.md)",
}


def all_cases(setting: Setting, only: tuple[str, ...], long: bool) -> dict[str, CaseResult]:
    """Results by case. Cases that need the shared folder are left out where it is missing; `long`
    adds the ones of many minutes.
    """
    results: dict[str, CaseResult] = {}
    numba.set_num_threads(min(setting.threads, numba.config.NUMBA_NUM_THREADS))

    def wanted(name: str) -> bool:
        return not only or any(name.startswith(part) for part in only)

    for name, case in (analytical.CASES | directions.CASES).items():
        if wanted(name) and (long or name != "volume_over_a_million_steps"):
            results[name] = case(setting)
    if (DATA / "swashes").is_dir() and wanted("swashes"):
        results |= swashes.run(DATA / "swashes", setting)
    measured = public.CASES | (public.LONG_CASES if long else {})
    for name, (folder, run_case) in measured.items():
        if wanted(name) and (DATA / folder).is_dir():
            results[name] = run_case(DATA / folder, setting)
    return results


def draw(results: dict[Setting, dict[str, CaseResult]], folder: Path) -> None:
    """One picture a case, all settings in it."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    names = dict.fromkeys(
        name for cases in results.values() for name, case in cases.items() if case.lines
    )
    for name in names:
        figure, axes = plt.subplots(figsize=(10, 4.5))
        drawn: set[str] = set()
        for setting, cases in results.items():
            case = cases.get(name)
            if case is None or (
                setting.precision == "float64"
                and Setting(setting.scheme, "float32", setting.threads) in results
            ):
                continue
            for label, (x, y) in case.lines.items():
                if label not in drawn:
                    reference = str(setting) not in label
                    axes.plot(
                        x, y, "k:" if reference else "-", lw=1.8 if reference else 1.2, label=label
                    )
                    drawn.add(label)
            axes.set_xlabel(case.axes[0])
            axes.set_ylabel(case.axes[1])
        axes.set_title(name)
        axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
        figure.tight_layout()
        figure.savefig(folder / f"{name}.png", dpi=110)
        plt.close(figure)


def run(
    only: tuple[str, ...] = (),
    long: bool = False,
    pictures: Path | None = None,
    settings: list[Setting] | None = None,
) -> dict[str, Any]:
    """All figures: name_scheme_precision."""
    results: dict[Setting, dict[str, CaseResult]] = {}
    figures: list[dict[str, Any]] = []
    for setting in settings or SETTINGS:
        begun = time.perf_counter()
        results[setting] = all_cases(setting, only, long)
        for case in results[setting].values():
            for f in case.findings:
                figures.append(
                    {
                        "name": f"{f.name}_{setting}",
                        "value": f.value,
                        "unit": f.unit,
                        "goal": f.goal,
                        "holds": f.holds,
                        "note": f.note,
                        "lower": f.lower,
                    }
                )
        print(
            f"  {setting}: {len(results[setting])} cases in {time.perf_counter() - begun:.0f} s",
            flush=True,
        )
    figures += [
        {"name": name, "value": None, "unit": "", "goal": None, "holds": None, "note": note}
        for name, note in NOT_RUN.items()
        if not only
    ]
    if not DATA.is_dir():
        figures.append(
            {
                "name": "shared_data",
                "value": None,
                "unit": "",
                "goal": None,
                "holds": None,
                "note": f"no folder {DATA.name}: public cases not run",
            }
        )
    if pictures is not None:
        draw(results, pictures)
    machine = {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()}
    versions = {name: version(name) for name in ("numpy", "numba", "llvmlite")} | {
        "python": platform.python_version()
    }
    return {"benchmark": "accuracy", "machine": machine, "versions": versions, "figures": figures}
