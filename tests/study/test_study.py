"""Studies: what they expand to, keys by content, what survives a kill, what is not run twice, what
is not attributed.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from analysis.test_page import chinese, lacking
from flood_sim.analysis.html.page import print_pdf
from flood_sim.core.errors import InputError
from flood_sim.core.files.folder_lock import process_alive
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.study import list_studies, load_study
from flood_sim.study.expand import draw_parameters, expand, portfolios
from flood_sim.study.keys import run_key
from flood_sim.study.queue import open_study, run_study, study_status
from flood_sim.study.report import write_report

SCENARIO = """
schema = 1
name = "tiny"
[time]
start = 2021-07-20T16:00:00+08:00
stop = 2021-07-20T16:10:00+08:00
[city]
kind = "reference_city"
side_m = 500.0
cell_size_m = 10.0
[rainfall]
kind = "storm"
storm = "zhengzhou-720"
label = "right"
[drainage]
kind = "swmm"
coupling_step_s = 10.0
routing_step_s = 5.0
[measure.clean]
kind = "inlet_cleaning"
targets = { layer = "nodes", where = ["inlets > 0"] }
open_share = 0.6
[measure.green]
kind = "sunken_green"
targets = { layer = "courts" }
share = 0.3
[measure.green_more]
kind = "bioretention"
targets = { layer = "courts" }
share = 0.1
"""
STUDY = 'schema = 1\nname = "tiny"\nscenario = "tiny.toml"\n'


def written(folder: Path, extra: str = "", scenario: str = SCENARIO) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "tiny.toml").write_text(scenario)
    (folder / "study.toml").write_text(STUDY + extra)
    return folder / "study.toml"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Four portfolios under two storms, run to the end."""
    folder = tmp_path_factory.mktemp("study")
    path = written(folder, "[storms.whole]\n[storms.half.rainfall]\nscale = 0.5\n")
    return path, folder / "out", run_study(load_study(path), folder / "out")


def test_a_study_expands_to_all_sets_storms_and_draws(tmp_path):
    study = load_study(
        written(
            tmp_path,
            "[storms.a]\n[storms.b.rainfall]\nscale = 0.5\n[draws]\nn ="
            ' 3\n[draws.parameters]\n"city.river_manning_n" = [0.03, 0.09]\n',
        )
    )
    assert study.projects == {
        "pipe_network": ("clean",),
        "source_and_storage": ("green", "green_more"),
    }
    assert portfolios(study) == {"none": 0, "pipe_network": 1, "source_and_storage": 2, "all": 3}
    runs = expand(study)
    assert len(runs) == 4 * 2 * 3 and len({r.identity(study, "d") for r in runs}) == 24
    values = [d["city.river_manning_n"] for d in draw_parameters(study)]
    assert all(0.03 <= v <= 0.09 for v in values)
    longer = load_study(
        written(
            tmp_path, '[draws]\nn = 6\n[draws.parameters]\n"city.river_manning_n" = [0.03, 0.09]\n'
        )
    )
    assert [d["city.river_manning_n"] for d in draw_parameters(longer)][
        :3
    ] == values  # a study grows and never restarts
    assert runs[-1].changes["city"]["river_manning_n"] == values[2] and runs[-1].changes[
        "rainfall"
    ] == {"scale": 0.5}


def test_shipped_studies_are_what_they_say():
    assert {"six_projects_small", "six_projects_factorial"} <= set(list_studies())
    for name, count in (("six_projects_small", 64), ("six_projects_factorial", 192)):
        study = load_study(name)
        assert list(study.projects) == [
            "conveyance",
            "pipe_network",
            "pump_stations",
            "critical_infrastructure",
            "underground_space",
            "source_and_storage",
        ]
        assert len(expand(study)) == count


def test_keys_hang_on_content_alone(tmp_path):
    """Another name, comment, order of keys or number of threads: the same key; one cell by one ulp,
    another storm: a new one.
    """
    written(tmp_path)
    inputs = build_inputs(load_scenario(tmp_path / "tiny.toml"))
    key = run_key(inputs)
    head, _, rest = SCENARIO.partition("[time]")
    moved = (
        head.replace('"tiny"', '"renamed"')
        + "# a comment\n[drainage]"
        + rest.partition("[drainage]")[2]
        + "[time]"
        + rest.partition("[drainage]")[0]
    )
    (tmp_path / "moved.toml").write_text(moved)
    assert run_key(build_inputs(load_scenario(tmp_path / "moved.toml"), threads=2)) == key
    bed = inputs.terrain.bed_elevation.copy()
    bed[20, 20] = np.nextafter(bed[20, 20], np.inf)
    assert run_key(replace(inputs, terrain=replace(inputs.terrain, bed_elevation=bed))) != key
    (tmp_path / "half.toml").write_text(
        SCENARIO.replace('label = "right"', 'label = "right"\nscale = 0.5')
    )
    assert run_key(build_inputs(load_scenario(tmp_path / "half.toml"))) != key


def test_a_study_runs_and_adds_up(done):
    _, out, summary = done
    assert summary == {"runs": 8, "complete": 8, "different": 8, "failed": {}, "missing": 0}
    table = pd.read_parquet(out / "catalogue.parquet")
    assert (
        list(table["bits"]) == [0, 1, 2, 3] * 2
        and set(table["status"]) == {"complete"}
        and (table["volume_error_rel"] < 1e-6).all()
    )
    assert table.groupby("storm")["rain_m3"].nunique().tolist() == [
        1,
        1,
    ]  # to the last bit, whatever is built
    document = json.loads((out / "attribution.json").read_text())
    entries = {(e["name"], e["storm"]): e for e in document["outcomes"]}
    damage = entries["damage", "whole"]
    loss = table[table["storm"] == "whole"].set_index("bits")["outcome_damage"]
    assert sum(damage["shapley"].values()) == pytest.approx(loss[0] - loss[3], rel=1e-9)
    assert damage["shapley"]["pipe_network"] == pytest.approx(
        0.5 * (loss[0] - loss[1] + loss[2] - loss[3])
    )
    assert any(
        m["name"] == "access_loss_car" and "no value" in m["why"] for m in document["missing"]
    )
    long = pd.read_parquet(out / "outcomes.parquet")
    assert set(long["key"]) == set(table["key"]) and (long["source"].str.len() > 0).all()


def test_what_is_done_is_not_done_again_and_a_change_touches_only_its_own(done, tmp_path):
    """A larger garden in project 6: the two portfolios without it are found, the two with it run,
    in both storms.
    """
    shutil.copytree(done[0].parent, tmp_path / "copy")
    path, out = tmp_path / "copy" / "study.toml", tmp_path / "copy" / "out"
    run_study(load_study(path), out)  # it lies elsewhere now: asked again, found by content
    before = pd.read_parquet(out / "runs_log.parquet")
    run_study(load_study(path), out)
    assert len(pd.read_parquet(out / "runs_log.parquet")) == len(before)
    written(
        path.parent,
        path.read_text().removeprefix(STUDY),
        SCENARIO.replace("share = 0.1", "share = 0.2"),
    )
    assert study_status(out)["missing"] == 8  # the file has changed: each is asked again
    summary = run_study(load_study(path), out)
    log = pd.read_parquet(out / "runs_log.parquet").iloc[len(before) :]
    assert (
        summary["complete"] == 8
        and sorted(log[~log["cached"]]["portfolio"]) == ["all"] * 2 + ["source_and_storage"] * 2
    )


def test_a_killed_study_is_resumed_to_the_same_catalogue(done, tmp_path):
    """kill -9 of a model's process, of a worker, and of the parent, each in the middle; resumed:
    the same bytes, no run lost, none there twice.
    """
    path, whole, _ = done
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "flood_sim.cli",
        "study",
        "run",
        str(path),
        "--out",
        str(out),
        "--quiet",
    ]
    parent = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(list(out.glob("asked/*.json"))) >= 1, 1800.0)
    kill_one(parent.pid)
    wait_for(lambda: len(list(out.glob("asked/*.json"))) >= 2, 600.0)
    kill_one(parent.pid, worker=True)  # its nanny starts another
    wait_for(lambda: len(list(out.glob("asked/*.json"))) >= 3, 600.0)
    models = [process.pid for process in models_of(parent.pid)]
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_for(
        lambda: not any(process_alive(pid) for pid in models), 120.0
    )  # no orphan goes on writing
    assert study_status(out)["missing"] > 0
    summary = run_study(open_study(out), out)
    assert summary["complete"] == 8 and summary["missing"] == 0
    for name in ("catalogue.parquet", "outcomes.parquet", "attribution.json"):
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name
    assert len(list((out / "runs").iterdir())) == 8  # nothing half done is left
    log = pd.read_parquet(out / "runs_log.parquet")
    assert (log["end"] == "complete").sum() <= 8 and not log[log["end"] == "complete"].duplicated(
        "key"
    ).any()


def wait_for(holds, seconds):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)


def models_of(pid):
    """Processes below a study that compute a run now; they come and go while one looks."""
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "flood_sim.study.child" in " ".join(process.cmdline()):
                found.append(process)
    return found


def kill_one(pid, worker=False):
    """kill -9 of a process that computes a run, or of the worker that waits for it."""

    def done():
        for process in models_of(pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                victim = process.parent() if worker else process
                if victim is not None:
                    victim.kill()
                    return True
        return False

    wait_for(done, 600.0)


def test_a_run_that_is_refused_is_listed_and_nothing_is_attributed_over_the_gap(tmp_path):
    path = written(
        tmp_path, scenario=SCENARIO.replace("share = 0.1", "share = 0.9")
    )  # 0.3 and 0.9 of a cell
    summary = run_study(load_study(path), tmp_path / "out", workers=1)
    assert summary["complete"] == 2 and set(summary["failed"]) == {
        "source_and_storage, as_given, none",
        "all, as_given, none",
    }
    assert "cover 120% of a cell" in summary["failed"]["all, as_given, none"]
    document = json.loads((tmp_path / "out" / "attribution.json").read_text())
    assert document["outcomes"] == [] and any(
        "2 of 4 portfolios have no value" in m["why"] for m in document["missing"]
    )


BAD = [
    ("projects = { a = ['nothing'] }\n", "no such measure"),
    ("portfolios = { mine = ['pipe_network', 'pumps'] }\n", "no such project"),
    ("portfolios = 'fractional'\n", "one of six projects"),
    ("portfolio = 'factorial'\n", "unknown key; did you mean `portfolios`"),
    ("return_period_y = { x = 5 }\n", "no storm of this study"),
    ("[draws]\nn = 0\n[draws.parameters]\nx = [0, 1]\n", r"\[draws\], `n`"),
]


@pytest.mark.parametrize(("extra", "message"), BAD)
def test_wrong_studies_are_one_message(tmp_path, extra, message):
    with pytest.raises(InputError, match=message):
        load_study(written(tmp_path, extra))


def test_a_scheduler_open_to_a_network_is_refused(tmp_path):
    study = load_study(written(tmp_path))
    with pytest.raises(InputError, match="whoever reaches an open scheduler"):
        run_study(study, tmp_path / "out", scheduler="tcp://10.0.0.1:8786")
    with pytest.raises(InputError, match="no study's folder"):
        study_status(tmp_path)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(InputError, match="other files"):
        run_study(study, tmp_path / "mine")


class Figures(HTMLParser):
    """Numbers of a page with the places they come from."""

    def __init__(self):
        super().__init__()
        self.found, self.tags, self.outside = [], [], []

    def handle_starttag(self, tag, attrs):
        keys = dict(attrs)
        self.tags.append(tag)
        if "data-src" in keys:
            self.found.append((keys["data-src"], float(keys["data-value"])))
        self.outside += [
            v for k, v in attrs if k in ("src", "href") and v and not v.startswith("data:")
        ]


def test_the_page_says_what_the_files_say(done):
    """Every marked figure equals its table's; nothing comes from a network; texts are escaped."""
    _, out, _ = done
    page = write_report(out)
    text = page.read_text(encoding="utf-8")
    parser = Figures()
    parser.feed(text)
    table = pd.read_parquet(out / "catalogue.parquet").set_index("key")
    document = {
        (e["name"], e["storm"]): e
        for e in json.loads((out / "attribution.json").read_text())["outcomes"]
    }
    checked = 0
    for source, value in parser.found:
        first, *rest = source.split(":")
        if first == "attribution.json":
            entry = document[rest[0], rest[1]]
            assert value == (
                entry["total_effect"] if rest[2] == "total_effect" else entry["shapley"][rest[3]]
            )
        else:
            assert value == table.loc[first, rest[1]]
        checked += 1
    assert checked > 20 and parser.outside == [] and len(text) < 15e6
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert all(word in text for word in ("沙普利值", "Shapley", "<svg", "inset("))
    assert not chinese(lacking(text))


def test_markup_in_names_is_escaped(tmp_path):
    path = written(
        tmp_path, "title = '<script>alert(1)</script>'\nprojects = { '<b>pipes' = ['clean'] }\n"
    )
    out = tmp_path / "out"
    run_study(load_study(path), out, workers=1)
    text = write_report(out).read_text(encoding="utf-8")
    assert "<script>alert" not in text and "<b>pipes" not in text and "&lt;script&gt;" in text


@pytest.mark.browser
def test_the_page_opens_in_a_browser_without_an_error(done, tmp_path):
    """Headless Chromium: the script has run (the left map is cut at the slider, and all is Chinese
    where the address asks for it), nothing was refused by the page's own policy, no error was
    thrown; what is shown, in both languages, is shown by the font inside the page.
    """
    browser = next(
        (b for b in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if b), None
    )
    if browser is None:
        pytest.skip("there is no Chromium on this machine")
    page = write_report(done[1])
    profile = tmp_path / "profile"
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        f"--user-data-dir={profile}",
        "--enable-logging=stderr",
        "--virtual-time-budget=3000",
        "--dump-dom",
        page.as_uri() + "?lang=zh",
    ]
    seen = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    assert "inset(0px 50% 0px 0px)" in seen.stdout
    assert not [line for line in seen.stderr.splitlines() if "CONSOLE" in line]
    assert '<html lang="zh">' in seen.stdout and ">English</button>" in seen.stdout
    assert ">现状</option>" in seen.stdout and 'alt="水深图，右"' in seen.stdout
    assert not lacking(seen.stdout)  # no box among what the script has written either
    chinese_page = tmp_path / "zh.html"
    text = page.read_text(encoding="utf-8")
    chinese_page.write_text(text.replace('<html lang="en">', '<html lang="zh">'), encoding="utf-8")
    for printed in (page, chinese_page):
        pdf = print_pdf(printed).read_bytes()
        assert pdf.startswith(b"%PDF")
        # The font inside the page has this name there; a sign from the machine's adds another.
        assert set(re.findall(rb"/FontName\s*/[A-Z]+\+([^\s/]+)", pdf)) == {b"OTS-derived-font"}


ENVELOPE = """
portfolios = { as_it_is = [], pipes = ["pipe_network"] }
[envelope]
components = ["pipes"]
sequences = 2
levels = [0.2, 0.6]
"""


def test_random_cumulative_failure_is_nested_and_the_same_for_all(tmp_path):
    """Two sequences of failing pipes at two levels, both portfolios: the higher level holds the
    lower's; bands and rises are those of the table.
    """
    study = load_study(written(tmp_path, ENVELOPE))
    sets = study.failure_sets
    assert list(sets) == [
        "none",
        "sequence 0, 20 %",
        "sequence 0, 60 %",
        "sequence 1, 20 %",
        "sequence 1, 60 %",
    ]
    pipes = {
        name: set(changes["failures"][0]["conduits"])
        for name, changes in sets.items()
        if name != "none"
    }
    assert (
        pipes["sequence 0, 20 %"] < pipes["sequence 0, 60 %"]
        and pipes["sequence 0, 20 %"] != pipes["sequence 1, 20 %"]
    )
    assert len(pipes["sequence 1, 60 %"]) == round(0.6 * len(study.components))
    summary = run_study(study, tmp_path / "out")
    assert summary["complete"] == 10
    table = pd.read_parquet(tmp_path / "out" / "catalogue.parquet").set_index(
        ["portfolio", "failure_set"]
    )["outcome_volume_out_of_sewer"]
    document = json.loads((tmp_path / "out" / "envelope.json").read_text())
    for found in document["envelopes"]:
        name = found["portfolio"]
        assert found["calm"] == table[name, "none"]
        for level, text in zip(found["levels"], ("20 %", "60 %"), strict=True):
            values = [table[name, f"sequence {s}, {text}"] for s in (0, 1)]
            assert (level["lowest"], level["mean"], level["highest"]) == pytest.approx(
                (min(values), np.mean(values), max(values))
            )
        assert found["critical"][0]["adds"] >= found["critical"][-1]["adds"]
    first = document["envelopes"][0]
    alone = (
        pipes["sequence 0, 20 %"] - pipes["sequence 1, 60 %"]
    )  # they fail in one sequence only, at its first level
    rise = (table["as_it_is", "sequence 0, 20 %"] - first["calm"]) / len(pipes["sequence 0, 20 %"])
    assert all(
        c["adds"] == pytest.approx(rise) for c in first["critical"] if c["component"] in alone
    )
    with pytest.raises(InputError, match="no such components"):
        load_study(written(tmp_path, ENVELOPE.replace('["pipes"]\nseq', '["pumps"]\nseq')))


def test_inlets_flaps_and_boards_fail_too(tmp_path):
    """Each kind by its own failure; a flap that outfalls lack is no component; boards of all
    openings, whoever has them.
    """
    city = SCENARIO.replace(
        "cell_size_m = 10.0", 'cell_size_m = 10.0\nsites = "full"\nflapless_share = 0.5'
    )
    every = ENVELOPE.replace('["pipes"]\nseq', '["inlets", "flaps", "boards"]\nseq').replace(
        "[0.2, 0.6]", "[1.0]"
    )
    study = load_study(written(tmp_path, every, city))
    inputs = build_inputs(study.scenario)
    failures = {f["kind"]: f for f in study.failure_sets["sequence 0, 100 %"]["failures"]}
    assert set(failures) == {"clogged_inlets", "stuck_flap", "missing_board"}
    assert set(failures["clogged_inlets"]["nodes"]) == {i.node for i in inputs.drainage.inlets}
    gated = {r.tokens[0] for r in inputs.drainage.network.rows("OUTFALLS") if "YES" in r.tokens}
    assert set(failures["stuck_flap"]["outfalls"]) == gated and gated
    assert (
        len(failures["missing_board"]["openings"])
        == sum(len(s.openings) for s in inputs.sites.spaces.spaces)
        > 0
    )
    assert len(study.components) == len(set(study.components)) and any(
        c.startswith("flap of ") for c in study.components
    )
    failed = build_inputs(
        load_scenario(study.scenario.path, (), {"failures": list(failures.values())})
    )
    assert not any("YES" in r.tokens for r in failed.drainage.network.rows("OUTFALLS"))
