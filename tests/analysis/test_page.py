"""The page of runs and audits: its figures are those of the files, its slider's pictures those of
the frames; nothing comes from a network.
"""

import base64
import html
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import xarray
from fontTools.ttLib import TTFont
from PIL import Image

from flood_sim.analysis.html import charts, svg
from flood_sim.analysis.html.maps import scale_bar, viewer, water_picture
from flood_sim.analysis.html.names import place_words, reason_words
from flood_sim.analysis.html.page import render
from flood_sim.analysis.html.words import figure, unit_words
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.outcomes.outcome import (
    NO_BUILDINGS,
    NO_EXPOSURE,
    NO_PEOPLE,
    NO_ROADS,
    written,
)
from flood_sim.analysis.pictures import style
from flood_sim.analysis.pictures.plots import (
    hydrographs,
    ledger_bar,
    max_depth_map,
    node_flooding_map,
)
from flood_sim.analysis.pictures.site_plots import hazard_map, wet_floors_map
from flood_sim.analysis.pictures.style import DEPTH_STEPS_M, FONT
from flood_sim.core.errors import InputError
from flood_sim.results import open_results
from flood_sim.runs.runner import run_scenario
from flood_sim.scenario import load_scenario
from flood_sim.study.report import write_report
from scenario.test_loader import GOOD


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Twenty minutes of the teaching city as it is and under a larger storm."""
    folder = tmp_path_factory.mktemp("pair")
    changes = {
        "time": {"stop": "2021-07-20T16:20:00+08:00", "start": "2021-07-20T16:00:00+08:00"},
        "output": {"interval_s": 300},
    }
    for name, more in (("a", {}), ("b", {"rainfall": {"return_period_y": 50}})):
        run_scenario(load_scenario("teaching", (), changes | more), folder / name)
        Consequences(open_results(folder / name)).write()
    return folder / "a", folder / "b"


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.figures, self.outside, self.ids = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        keys = dict(attrs)
        self.ids.add(keys.get("id"))
        if "data-src" in keys:
            self.figures.append((keys["data-src"], float(keys["data-value"])))
        self.outside += [
            v for k, v in attrs if k in ("src", "href") and v and not v.startswith("data:")
        ]


def picture(text):
    return np.asarray(
        Image.open(io.BytesIO(base64.b64decode(text.removeprefix("data:image/png;base64,"))))
    )


def lacking(text):
    """Characters that a page shows and that the font inside it lacks; and whether the page uses it."""
    kind, code = re.search(
        r'@font-face \{ font-family: "FloodSimSC"; src: url\("data:(.*?);base64,(.*?)"\)', text
    ).groups()
    font = TTFont(io.BytesIO(base64.b64decode(code)))
    assert kind == "font/woff" and font.flavor == "woff"
    assert re.search(r'body \{ font: [^;]*1\.5 "FloodSimSC"', text) and "font-family=" not in text
    shown = set(html.unescape(re.sub(r"data:[a-z/]*;base64,[A-Za-z0-9+/=]*", "", text)))
    return {c for c in shown if c.isprintable()} - {chr(c) for c in font.getBestCmap()}


def chinese(characters):
    return {c for c in characters if c >= "\u2e80"}


def test_the_font_inside_the_page_has_every_character_of_it(pair):
    """A browser without Chinese fonts shows no boxes; and no more is in the font than is shown."""
    page = write_report(*pair)
    text = page.read_text(encoding="utf-8")
    assert "中文" in text and "水深" in text
    assert not lacking(text), lacking(text)
    again = write_report(*pair).read_text(encoding="utf-8")
    assert text == again
    font = re.search(r"data:font/woff;base64,([A-Za-z0-9+/=]*)", text).group(1)
    assert len(font) < FONT.stat().st_size / 2
    context = {"title": "中" * 3, "about": {"en": "a", "zh": "邨"}}
    small = render(context, page.with_name("small.html")).read_text(encoding="utf-8")
    assert chinese(lacking(small)) == {"邨"}  # what the shipped font lacks is left to the browser


def test_pictures_of_the_page_have_the_colours_of_the_palette(pair):
    """Lines of the page and of matplotlib: one palette; no other module writes a colour."""
    text = write_report(*pair).read_text(encoding="utf-8")
    assert f'stroke="{style.SERIES[0]}"' in text and f'stroke="{style.SERIES[1]}"' in text
    cycle = style.pyplot().rcParams["axes.prop_cycle"].by_key()["color"]
    assert tuple(cycle) == style.SERIES
    folder = Path(style.__file__).parents[1]
    own = {
        p.name
        for p in folder.rglob("*.py")
        if p.name != "style.py" and re.search(r"[\"']#[0-9a-f]{6}[\"']", p.read_text("utf-8"))
    }
    assert own <= {"maps.py"}  # the index of no water in a picture of colour numbers


def test_figures_of_two_runs_are_those_of_their_summaries(pair):
    text = write_report(*pair).read_text(encoding="utf-8")
    page = Page(text)
    checked = 0
    for source, value in page.figures:
        run, file, place, *rest = source.split(":")
        found = json.loads((pair[0].parent / run / file).read_text())
        if file == "summary.json":
            found = found[place]
            for key in rest:
                found = found[key]
            assert value == pytest.approx(
                found * (1e-4 if "flooded_area_m2" in rest else 1.0), rel=1e-12
            )
            checked += 1
    assert checked > 15 and page.outside == [] and {"time", "swipe", "play", "left"} <= page.ids
    assert (pair[0] / "report" / "report.html").is_file() and not (
        pair[1] / "report" / "report.html"
    ).exists()


class Texts(HTMLParser):
    """Visible texts by the language that they are shown in ("" : both), and what pictures and
    controls are called.
    """

    VOID = ("meta", "img", "input", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.called = [], {"en": [], "zh": [], "": []}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        keys = dict(attrs)
        if tag in ("img", "svg", "select", "input"):
            self.called.append((tag, keys))
        if tag not in self.VOID:
            own = (keys.get("class") or "").split()
            known = next((c for c in own if c in ("en", "zh")), None)
            outer = self.open[-1][1] if self.open else ""
            skipped = tag in ("script", "style", "title", "option", "code")
            skipped = skipped or keys.get("id") == "language"
            skipped = skipped or (tag != "html" and "lang" in keys)  # said to be English
            self.open.append((tag, None if skipped or outer is None else known or outer))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            self.open.pop()

    def handle_data(self, data):
        if data.strip() and self.open and self.open[-1][1] is not None:
            self.texts[self.open[-1][1]].append(data.strip())


def names_of_users(text, *more):
    """What is left of a text without names that have one form in both languages."""
    for name in ("local_inertial", "second_order", "SWMM", "README", "baseline", *more):
        text = text.replace(name, "")
    return text


def test_the_page_speaks_one_language_at_a_time(pair):
    """No Chinese word in the English page and no English one in the Chinese, but names; every
    picture and control is called something in both.
    """
    page = Texts(write_report(*pair).read_text(encoding="utf-8"))
    assert len(page.texts["en"]) == len(page.texts["zh"]) > 60
    own = "teaching", *(open_results(run).summary["rainfall"]["name"] for run in pair)
    for text in (*page.texts["en"], *page.texts[""]):
        assert not chinese(text), text
    for text in (*page.texts["zh"], *page.texts[""]):
        assert not re.findall("[A-Za-z]{3,}", names_of_users(text, *own)), text
    assert len(page.called) > 10
    for tag, keys in page.called:
        if tag == "select":
            continue  # its label stands before it
        if keys.get("alt") == "":
            continue  # the ground once more
        assert keys.get("data-en") and chinese(keys["data-zh"]), (tag, keys)


def test_the_page_names_the_scheme_its_reason_and_its_error(pair):
    summary = open_results(pair[0]).summary
    text = html.unescape(write_report(pair[0]).read_text(encoding="utf-8"))
    assert summary["scheme_reason"] and chinese(summary["scheme_reason_chinese"])
    for said in (summary["scheme"], summary["scheme_reason"], summary["scheme_reason_chinese"]):
        assert said in text


def test_the_page_tells_no_folder_and_no_rounding(pair, tmp_path):
    """A page is sent on: the folder's name is enough. What is below 1e-9 of the water is no line."""
    shutil.copytree(pair[0], tmp_path / "c")
    file = tmp_path / "c" / "summary.json"
    summary = json.loads(file.read_text())
    summary["ledger"]["evaporation"] = 1e-10
    file.write_text(json.dumps(summary))
    text = write_report(tmp_path / "c").read_text(encoding="utf-8")
    assert str(tmp_path) not in text and "<small>c</small>" in text
    assert "ledger:evaporation" not in text and "ledger:rain" in text and "ledger:error" in text


def extents(picture):
    """Text of an SVG with its left and right end, by the estimate that the layout uses."""
    found = re.findall(
        r'<text.*?x="([-0-9.]+)" y="([-0-9.]+)" font-size="(.*?)".*?anchor="(.*?)".*?>(.*?)<',
        picture,
    )
    for x, y, size, anchor, said in found:
        wide = svg.length(html.unescape(said), float(size))
        left = float(x) - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * wide
        yield said, left, left + wide, float(y)


def test_no_label_of_a_picture_is_cut_off():
    """With names of 30 letters and values in millions every text lies in its picture, and no two of
    the key on one another.
    """
    long = "a project with quite a long name", "另一个名称相当长的工程项目组合"
    bars = [
        charts.Bar(n, v, 1.1 * v, 0.9 * v, "123,456 CNY (60%)")
        for n, v in zip(long, (5, -2), strict=True)
    ]
    series = [(n, [0.0, 3.0], [0.0, 1.5], "") for n in (*long, "c", "d")]
    dots = [charts.Dot(1.23e7 * k, 1e9 / (k + 1), "x") for k in range(4)]
    pictures = {
        "bars": charts.bars(bars, "l"),
        "circles": charts.circles(long, [[0.0, 1.0], [1.0, 0.0]], "l"),
        "dots": charts.dots(dots, [0, 1], [0, 1], ("capital, CNY", "loss, CNY"), "l"),
        "curves": charts.curves(series, "hours", "m", "l", most=1.5),
        "bands": charts.bands([(n, [(0.1, 1, 2, 3, 4, 5e5)]) for n in long], "x", "y", "l"),
    }
    for name, drawn in pictures.items():
        wide = float(re.search(r'viewBox="0 0 ([0-9.]+) ', drawn).group(1))
        texts = list(extents(drawn))
        assert len(texts) >= 4, name
        for said, left, right, _ in texts:
            assert left >= -1.0 and right <= wide + 1.0, (name, said, left, right)
    key = [
        t for t in re.findall(r'<g transform="translate\(([0-9.]+) ([0-9.]+)\)', pictures["curves"])
    ]
    assert len(set(key)) == 4 and len({y for _, y in key}) > 1  # four names take more than one row


def test_large_numbers_have_the_names_of_each_language():
    said = {1234.0: ("1,234", "1,234"), 1.4e8: ("140 M", "1.4 亿"), 5.07e6: ("5.07 M", "507 万")}
    assert {value: tuple(figure(value)) for value in said} == said
    assert figure(None) == ("–", "–") and unit_words("m3") == ("m³", "m³")
    assert place_words("underground_car_park_12") == ("underground car park 12", "地下车库 12")
    assert place_words("my_gauge_3") == ("my gauge 3", "my gauge 3")


def test_every_reason_without_a_value_has_its_chinese(pair):
    """Of the constants, and of what the models of this run said."""
    notes = [NO_EXPOSURE, NO_ROADS, NO_BUILDINGS, NO_PEOPLE]
    notes += [
        row["note"] for row in written(open_results(pair[0])).values() if row["value"] is None
    ]
    assert len(notes) > 4
    for note in notes:
        assert chinese(reason_words(note).zh), note


def test_the_scale_bar_is_as_long_as_it_says(pair):
    results = open_results(pair[0])
    x = results.fields["x"].values
    bar = scale_bar(results)
    length = float(bar["said"].removesuffix(" m").removesuffix(" km"))
    wide = float(abs(x[1] - x[0])) * x.size / (1000.0 if bar["said"].endswith("km") else 1.0)
    assert bar["share"] == pytest.approx(100.0 * length / wide, abs=1e-3) and 5 < bar["share"] <= 25


def test_one_run_has_a_page_without_a_swipe(pair):
    text = write_report(pair[1]).read_text(encoding="utf-8")
    page = Page(text)
    assert (
        "time" in page.ids
        and "swipe" not in page.ids
        and "What the flood does" in text
        and "1 run of teaching" in text
    )


def test_the_map_names_sewers_only_where_it_draws_them(pair, tmp_path):
    shutil.copytree(pair[0], tmp_path / "bare", ignore=shutil.ignore_patterns("network.gpkg"))
    for folder, drawn in ((pair[0], True), (tmp_path / "bare", False)):
        axes = max_depth_map(open_results(folder)).axes[0]
        assert (len(axes.lines) > 0) == ("sewers" in axes.get_title()) == drawn


def test_every_map_has_a_scale_bar_and_north(pair):
    """Of the length that its text says, below the right end of the map."""
    results = open_results(pair[0])
    for draw in (max_depth_map, hazard_map, node_flooding_map):
        axes = draw(results).axes[0]
        said = next(t for t in axes.texts if "north 北" in t.get_text())
        bar = next(t for t in axes.texts if not t.get_text())
        length = bar.xy[0] - bar.xyann[0]
        assert said.get_text().endswith(f"{length:g} m  ") and bar.xy[0] == axes.get_xlim()[1]
        assert 5.0 * length > np.ptp(axes.get_xlim()) / 2.0 and said.xy[1] < 0.0


def test_words_of_pictures_are_in_both_languages(pair):
    """Titles, axes and colour scales; coordinates are symbols."""
    results, words = open_results(pair[0]), []
    drawn = max_depth_map, hazard_map, node_flooding_map, hydrographs, ledger_bar
    for figure_of_run in (
        *(draw(results) for draw in drawn),
        wet_floors_map(Consequences(results)),
    ):
        for axes in figure_of_run.axes:
            words += [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
    found = {w for w in words if w and w not in ("x (m)", "y (m)")}
    assert len(found) >= 12
    assert not [w for w in found if not chinese(w)]


def test_lines_of_gauges_differ_by_more_than_their_colour(pair):
    gauges = [
        line
        for line in hydrographs(open_results(pair[0])).axes[0].lines
        if line.get_label()[0] != "_"
    ]
    looks = {(line.get_color(), line.get_linestyle()) for line in gauges}
    assert len(looks) == len(gauges) > 3 and len({dash for _, dash in looks}) > 3


def test_the_slider_shows_the_frames(pair):
    """Colours of the last moment are the classes of the last frame; of the maximum those of
    max_depth; the rain's bar is highest where it rains most.
    """
    runs = [(p.name, open_results(p)) for p in pair]
    shown = viewer(runs)
    fields = xarray.open_dataset(pair[1] / "fields.nc")
    assert len(shown["times"]) == fields.time.size == len(shown["maps"][1]["frames"])
    assert shown["times"][0] == "07-20 16:00" and shown["times"][-1] == "07-20 16:20"
    np.testing.assert_array_equal(
        picture(shown["maps"][1]["frames"][-1]),
        np.digitize(np.nan_to_num(fields["depth"][-1].values), DEPTH_STEPS_M),
    )
    np.testing.assert_array_equal(
        picture(shown["maps"][1]["maximum"]),
        np.digitize(np.nan_to_num(fields["max_depth"].values), DEPTH_STEPS_M),
    )
    assert (
        max(shown["rain"]["shares"]) == 1.0
        and shown["rain"]["shares"][0] == 0.0
        and len(shown["rain"]["shares"]) == len(shown["times"])
    )
    rates = open_results(pair[0]).summary["rainfall"]["hyetograph_mm_h"]["mm_h"]
    assert 0.0 < shown["rain"]["most_mm_h"] <= max(rates) * (1.0 + 1e-12)


def test_the_run_tells_its_rain(pair):
    """The hyetograph sums to the depth that fell."""
    for folder in pair:
        rain = json.loads((folder / "summary.json").read_text())["rainfall"]
        series = rain["hyetograph_mm_h"]
        assert sum(series["mm_h"]) * series["step_h"] == pytest.approx(rain["depth_mm"], abs=0.01)


def test_a_block_shows_its_deepest_cell():
    depth = np.zeros((7, 5))
    depth[6, 4] = 0.7
    small = picture(water_picture(depth, 3))
    assert (
        small.shape == (3, 2)
        and small[2, 1] == np.digitize(0.7, DEPTH_STEPS_M)
        and small.sum() == small[2, 1]
    )


def test_an_audit_makes_a_table_and_joins_a_page_of_runs(pair, tmp_path):
    answer = {
        "required_y": 50.0,
        "passes_y": 20,
        "fails_y": 30,
        "about_y": 25.5,
        "met": False,
        "monotone": True,
        "chinese": "城市内涝",
        "source": "x",
        "families": {
            "short": {
                "fails_y": 30,
                "fails_first": [
                    {
                        "criterion": "lane_15cm",
                        "worst": 0.31,
                        "limit": 0.15,
                        "objects": [{"name": "<b>road", "value": 0.31, "x_m": 1.0, "y_m": 2.0}],
                    }
                ],
            }
        },
    }
    better = answer | {"passes_y": 50, "fails_y": None, "met": True, "families": {}}
    document = {
        "scenario": "teaching",
        "city_class": "mega",
        "synthetic": True,
        "portfolios": {"baseline": {"waterlogging": answer}, "all": {"waterlogging": better}},
        "regressions": [
            {"portfolio": "all", "standard": "waterlogging", "before_y": 50, "after_y": None}
        ],
        "assumptions": ["assumed"],
    }
    (tmp_path / "audit.json").write_text(json.dumps(document))
    text = write_report(tmp_path, pair[0]).read_text(encoding="utf-8")
    figures = dict(Page(text).figures)
    assert (
        figures["audit.json:portfolios:baseline:waterlogging"] == 20
        and figures["audit.json:portfolios:all:waterlogging"] == 50
    )
    assert (
        "30 (26)" in text
        and "&lt;b&gt;road 0.31 (1, 2)" in text
        and "×" in text
        and "✓" in text
        and "50 y → –" in text
    )
    assert (tmp_path / "report.html").is_file() and "a:summary.json:ledger:rain" in figures
    assert not chinese(lacking(text))
    assert "特大城市" in text and "有一条水深不超过 15 cm 的通道" in text and "短历时暴雨" in text
    assert "Loads are synthetic" in text
    (tmp_path / "audit.json").write_text(json.dumps(document | {"synthetic": False}))
    assert "synthetic" not in write_report(tmp_path, pair[0]).read_text(encoding="utf-8")


def test_pages_of_unlike_or_unfinished_runs_are_refused(pair, tmp_path):
    with pytest.raises(InputError, match="no result folder"):
        write_report(tmp_path)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "fields.nc").write_bytes((pair[0] / "fields.nc").read_bytes())
    with pytest.raises(InputError, match="not finished"):
        write_report(pair[0], tmp_path / "half")
    with pytest.raises(InputError, match="at most 6"):
        write_report(*[pair[0]] * 7)


def test_axes_have_round_numbers():
    """The ends hold all values; a range without extent has a scale too."""
    assert svg.rounded(0.0, 0.45) == pytest.approx([0.0, 0.2, 0.4, 0.6])
    assert svg.rounded(2.79e6, 1.03e7) == pytest.approx([2e6, 4e6, 6e6, 8e6, 1e7, 1.2e7])
    assert svg.rounded(0.0, 5.34) == [0.0, 2.0, 4.0, 6.0] and svg.rounded(0.0, 0.0)[-1] == 1.0
    assert svg.hours(3.0) == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert svg.hours(24.5)[-1] == 24.0 and svg.hours(1.0 / 6.0) == pytest.approx(
        [0.0, 0.05, 0.1, 0.15]
    )


def test_a_run_that_kept_maxima_alone_has_a_page(tmp_path):
    (tmp_path / "s.toml").write_text(GOOD + '[output]\nfields = "maxima"\n')
    run_scenario(load_scenario(tmp_path / "s.toml"), tmp_path / "out", threads=1)
    text = write_report(tmp_path / "out").read_text(encoding="utf-8")
    assert "</html>" in text and not chinese(lacking(text))
