"""What an untrusted scenario can not do: reach out, write elsewhere, run code, fill the memory
(RELIABILITY P5, P6, P11, P12).
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flood_kernels import cache_folder
from flood_sim.core.errors import InputError
from scenario.test_loader import GOOD

ROOT = Path(__file__).resolve().parents[2]

WATCHED = """
import json, os, sys
seen = {"written": [], "sockets": [], "started": []}
def hook(event, args):
    if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)) and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        seen["written"].append(os.path.realpath(os.fsdecode(args[0])))
    elif event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
        seen["sockets"].append(f"{event} {args[1:]}")
    elif event in ("subprocess.Popen", "os.system", "os.exec"):
        seen["started"].append(f"{event} {args[:1]}")
sys.addaudithook(hook)
from flood_sim.cli.main import main
try:
    main(sys.argv[2:])
except SystemExit as ended:
    seen["exit"] = ended.code
json.dump(seen, open(sys.argv[1], "w"))
"""


def test_a_run_reaches_nobody_and_writes_its_folder_alone(tmp_path):
    """No socket; every file that Python opens for writing lies in the result folder, the kernels'
    cache or the system's temporary folder.
    """
    (tmp_path / "s.toml").write_text(GOOD)
    words = ["run", str(tmp_path / "s.toml"), "--out", str(tmp_path / "out"), "--threads", "1"]
    (tmp_path / "temporary").mkdir()
    command = [sys.executable, "-c", WATCHED, str(tmp_path / "seen.json"), *words]
    environment = os.environ | {
        "TMPDIR": str(tmp_path / "temporary"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert seen["exit"] == 0, done.stderr
    assert seen["sockets"] == []
    allowed = [
        str(tmp_path / "out"),
        str(cache_folder().resolve().parent),
        str(tmp_path / "temporary"),
        str(tmp_path / "seen.json"),
        "/dev/",
        "/proc/",
    ]
    home = Path.home()
    allowed += [
        str(home / ".cache"),
        str(home / ".config" / "matplotlib"),
    ]  # matplotlib's list of fonts
    assert [path for path in seen["written"] if not path.startswith(tuple(allowed))] == []
    assert not [
        s for s in seen["started"] if not re.search(r"ldconfig|gcc|fc-list|uname|/sbin|python", s)
    ], seen["started"]


def test_a_new_users_matplotlib_keeps_its_list_of_fonts(tmp_path):
    """Without settings of its own it tried to make their folder, may not, said so in two lines, and
    read all fonts at every start.
    """
    (tmp_path / "s.toml").write_text(GOOD)
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "flood_sim.cli", "run", "s.toml", "--out", "out", "--threads", "1"],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith(("MPL", "XDG_"))}
        | {"HOME": str(tmp_path / "home"), "NUMBA_CACHE_DIR": str(cache_folder().parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "mkdir" not in done.stderr, done.stderr
    assert "temporary cache" not in done.stderr
    assert list((tmp_path / "home" / ".cache" / "matplotlib").glob("fontlist*"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_a_vast_grid_is_refused_at_once_and_cheaply(tmp_path):
    """A header of 10^6 x 10^6 cells: exit 2 within seconds, less than 500 MB."""
    (tmp_path / "dem.asc").write_text(
        "ncols 1000000\nnrows 1000000\nxllcorner 0\nyllcorner 0\ncellsize 5\nNODATA_value -9999\n1"
        " 2 3\n"
    )
    text = GOOD.replace(
        GOOD[GOOD.index("bed_elevation") : GOOD.index("[rainfall]")],
        'bed_elevation = "dem.asc"\n[grid]\ncrs = "EPSG:4547"\n',
    )
    (tmp_path / "s.toml").write_text(text)
    code = (
        # VmHWM: ru_maxrss of a child begins with its parent's
        "import sys\nfrom flood_sim.cli.main import main\n"
        "try:\n    main(['check', sys.argv[1]])\nexcept SystemExit as e:\n"
        "    print(e.code, next(line.split()[1] for line in open('/proc/self/status') if"
        " line.startswith('VmHWM')))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s.toml")],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    status, peak_kib = (int(v) for v in done.stdout.split())
    assert status == 2 and "E601" in done.stderr and peak_kib < 500_000


def test_nothing_runs_what_a_file_says():
    """No pickle, eval, exec, yaml, shell or unsafe array loading in the package (JIT and importlib
    of named plugins aside). The second compiler reads a pickle: from its own parent's pipe, not
    from a file.
    """
    pipe = "flood_sim/runs/compiling.py"
    forbidden = re.compile(
        r"\b(pickle|marshal|shelve|yaml)\b|\beval\(|\bexec\(|shell\s*=\s*True|allow_pickle\s*=\s*True|os\.system|Template\("
    )
    found = []
    for path in [*(ROOT / "flood_sim").rglob("*.py"), *(ROOT / "kernels").rglob("*.py")]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            own = path == ROOT / pipe and "pickle" in line
            if forbidden.search(line.split("#")[0]) and '"""' not in line and not own:
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>"]
)
def test_a_name_is_text_on_the_page(tmp_path, name):
    """A gauge of this name, in its hydrograph."""
    from flood_sim.runs.runner import run_scenario
    from flood_sim.scenario import load_scenario
    from flood_sim.study.report import write_report

    (tmp_path / "s.toml").write_text(GOOD + f"[output]\ngauges = {{ '{name}' = [20.0, 20.0] }}\n")
    run_scenario(load_scenario(tmp_path / "s.toml"), tmp_path / "out", threads=1)
    page = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert name not in page and "alert(1)" in page and "Content-Security-Policy" in page


def test_compiled_code_that_others_may_write_is_not_run(tmp_path):
    """Numba's cache is pickled code: E114, exit 2; a folder of one's own is taken."""

    (tmp_path / "s.toml").write_text(GOOD)
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o777)
    command = [
        sys.executable,
        "-m",
        "flood_sim.cli",
        "run",
        str(tmp_path / "s.toml"),
        "--out",
        str(tmp_path / "out"),
        "--no-report",
        "--quiet",
    ]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
    )
    assert (
        done.returncode == 2
        and "E114" in done.stderr
        and "NUMBA_CACHE_DIR" in done.stderr
        and not (tmp_path / "out").exists()
    )
    from flood_sim.runs.kernel_cache import refuse_foreign

    cache.chmod(0o700)
    refuse_foreign(cache / "kernels-0")


@pytest.mark.parametrize("ending", [".msk", ".ovr", ".aux.xml"])
def test_files_beside_a_raster_are_not_looked_at(tmp_path, ending):
    """Overviews that are a VRT of another file: the raster is read as it is. A mask that hides every
    cell, and notes that give another system, are refused.
    """
    import numpy as np

    from flood_sim.scenario.doors.rasters import open_raster
    from scenario.test_loader import write_raster

    bed = np.arange(6400.0).reshape(80, 80)
    write_raster(tmp_path / "dem.tif", bed)
    if ending == ".msk":
        import rasterio

        with rasterio.open(
            tmp_path / "m.tif", "w", driver="GTiff", width=80, height=80, count=1, dtype="uint8"
        ) as mask:
            mask.write(np.zeros((80, 80), np.uint8), 1)
            mask.update_tags(INTERNAL_MASK_FLAGS_1="2")
        (tmp_path / "m.tif").rename(tmp_path / "dem.tif.msk")
    elif ending == ".ovr":
        source = "<SourceFilename>/etc/hostname</SourceFilename>"
        band = (
            '<VRTRasterBand dataType="Float32"'
            f' band="1"><SimpleSource>{source}</SimpleSource></VRTRasterBand>'
        )
        (tmp_path / "dem.tif.ovr").write_text(
            f'<VRTDataset rasterXSize="40" rasterYSize="40">{band}</VRTDataset>'
        )
    else:
        (tmp_path / "dem.tif.aux.xml").write_text(
            "<PAMDataset><SRS>EPSG:3857</SRS><Metadata><MDI"
            ' key="AREA_OR_POINT">Point</MDI></Metadata></PAMDataset>'
        )
    if ending in (".msk", ".aux.xml"):
        with pytest.raises(InputError, match="E340"), open_raster(tmp_path / "dem.tif"):
            pass
        return
    with open_raster(tmp_path / "dem.tif") as data:
        assert data.files == [str(tmp_path / "dem.tif")]
        assert np.array_equal(data.read(1, masked=True).filled(-1.0), bed)
        assert data.crs.to_epsg() == 4547
        assert data.read(1, out_shape=(40, 40)).shape == (40, 40) and data.overviews(1) == []


def test_a_studys_own_workers_listen_on_the_loopback_alone():
    """Scheduler, workers, their HTTP ports, the dashboard: whoever reaches one can run code."""
    import psutil

    from flood_sim.study.cluster import open_client

    with open_client(1, None, trusted=False):
        me = psutil.Process()
        heard = {
            c.laddr.ip
            for p in (me, *me.children(recursive=True))
            for c in p.net_connections("inet")
            if c.status == psutil.CONN_LISTEN
        }
    assert heard == {"127.0.0.1"}
