"""[region]: a place's own rain law, limits, money, standards, language and clock."""

import json
from types import SimpleNamespace

import pytest

from analysis.test_consequences import toy
from console import flood_sim
from flood_sim.analysis.limits.files import LIMITS, read_limits
from flood_sim.analysis.outcomes.consequences import Consequences
from flood_sim.analysis.standards.files import read_standards
from flood_sim.core.errors import InputError
from flood_sim.ground.rainfall import FORMULAS, TAKEN_LAW, DesignLaw
from flood_sim.ground.regions.packs import pack_names, shipped_region
from flood_sim.measures.build import _law_taken
from flood_sim.measures.costs import OWN as UNIT_COSTS
from flood_sim.measures.costs import prices
from flood_sim.measures.describe import bill_lines
from flood_sim.measures.projects.pipe_network import TrunkUpsizing
from flood_sim.scenario import build_inputs, load_scenario
from flood_sim.scenario.region import design_law, pinned, region_of
from flood_sim.study.audit import day_depth_mm
from scenario.test_loader import GOOD, load

OWN = "{ a = 666.5, c = 0.867, b = 0.0, n = 0.669 }"
RAIN = GOOD[GOOD.index("[rainfall]") :]
DESIGN = '[rainfall]\nkind = "design_storm"\nreturn_period_y = 5\n'


def law_of(tmp_path, text):
    path = tmp_path / "s.toml"
    path.write_text(text, encoding="utf-8")
    scenario = load_scenario(path)
    return design_law(scenario, region_of(scenario))


def test_the_law_of_sizes_is_the_scenarios_own(tmp_path):
    """From near to far: [region] rain_law, its pack, [rainfall] formula, else one that is taken."""
    taken = law_of(tmp_path, GOOD)
    assert taken.name == "zhengzhou-2002" and not taken.own
    rain = law_of(tmp_path, GOOD.replace(RAIN, f"{DESIGN}formula = {OWN}\n"))
    assert rain.own and rain.law.a == 666.5
    assert law_of(tmp_path, GOOD.replace(RAIN, DESIGN)).name == "zhengzhou-measures"
    pack = '[region]\npack = "germany"\n'
    assert law_of(tmp_path, GOOD.replace(RAIN, DESIGN) + pack).name == "coesfeld-1980"
    given = law_of(tmp_path, GOOD + pack + 'rain_law = "zhengzhou-2002"\n')
    assert given.name == "zhengzhou-2002" and given.own


@pytest.mark.parametrize("at", [(5, 1, 227.2), (15, 1, 108.9), (15, 10, 203.3), (30, 10, 130.5)])
def test_the_rain_of_the_german_pack_is_that_of_its_table(at):
    """Minutes, years, L/(s ha): German weather service 1951-1980 for Coesfeld; within 4 %."""
    minutes, years, published = at
    law = shipped_region("germany", "").rain_law.law
    assert law.intensity_l_s_ha(minutes, years) == pytest.approx(published, rel=0.04)
    assert law.depth_mm(0.0, years) == 0.0  # b = 0: its intensity has no bound there


def test_a_storm_of_a_law_without_b_sums_to_its_depth(tmp_path):
    inputs = load(tmp_path, GOOD.replace(RAIN, f"{DESIGN}formula = {OWN}\nduration_min = 30\n"))
    depth = 0.006 * 30.0 * 666.5 * (1.0 + 0.867 * 0.69897) / 30.0**0.669
    assert 1000.0 * inputs.rainfall.cumulative_m[-1] == pytest.approx(depth, rel=1e-5)


@pytest.mark.parametrize("name", pack_names())
def test_every_pack_names_sets_that_are_there(name):
    region = shipped_region(name, "")
    assert read_limits(region.limits)["damage"]["currency"] == region.currency
    assert read_limits(region.limits)["damage"]["value_m2"]["price_year"] == region.price_year
    assert read_standards(region.standards)["ladder_y"]
    assert region.zone and region.rain_law is not None and "source" in region.rain_law.model_dump()


def test_what_is_built_hangs_on_no_storm_of_a_study(tmp_path):
    """A storm that replaces the rain keeps the law of the scenario."""
    path = tmp_path / "s.toml"
    path.write_text(GOOD.replace(RAIN, f"{DESIGN}formula = {OWN}\n"), encoding="utf-8")
    storm = {"rainfall": {"kind": "none"}}
    changed = load_scenario(path, (), pinned(load_scenario(path), storm))
    assert design_law(changed, region_of(changed)).law.a == 666.5
    path.write_text(GOOD, encoding="utf-8")
    other = {"rainfall": {"kind": "design_storm", "return_period_y": 5.0}}
    changed = load_scenario(path, (), pinned(load_scenario(path), other))
    assert design_law(changed, region_of(changed)).name == "zhengzhou-2002"
    assert pinned(load_scenario(path), {"output": {}}) == {"output": {}}


def test_wrong_packs_are_one_message(tmp_path):
    for text, said in (
        ('pack = "germny"', "did you mean `germany`"),
        ('pack = "own.toml"', "[region] pack own.toml, `zone`: no such zone"),
        ('pack = "gone.toml"', "gone.toml"),
    ):
        (tmp_path / "own.toml").write_text('zone = "Europe/Berln"\ncurency = "EUR"\n')
        with pytest.raises(InputError) as caught:
            load(tmp_path, GOOD + f"[region]\n{text}\n")
        assert said in str(caught.value)
    with pytest.raises(InputError, match=r"(?s)no such zone.*did you mean `currency`|curency"):
        load(tmp_path, GOOD + '[region]\npack = "own.toml"\n')


def test_a_clock_that_is_not_the_places_is_told(tmp_path):
    told = [f for f in load(tmp_path, GOOD + '[region]\npack = "germany"\n').findings]
    (clock,) = [f for f in told if f.code == "W544"]
    assert "+8 h from UTC" in clock.problem and "Europe/Berlin +2 h" in clock.problem
    told = load(tmp_path, GOOD + '[region]\npack = "china-henan"\n').findings
    assert not [f for f in told if f.code == "W544"]


def test_damage_is_in_the_money_of_the_place(tmp_path):
    """80 m2, 1448 EUR/m2, 0.5 m over the floor: a quarter."""
    house = {"use": [0], "building": [[0, 1, 0]], "area_m2": [80.0], "ground_floor_m": [0.0]}
    toy(tmp_path / "r", depth=[[0.5, 0.0, 0.5]], exposure=house)
    path = tmp_path / "r" / "summary.json"
    summary = json.loads(path.read_text()) | {"region": {"limits": "germany"}}
    path.write_text(json.dumps(summary))
    from flood_sim.results import open_results

    (damage,) = [
        o for o in Consequences(open_results(tmp_path / "r")).outcomes() if o.name == "damage"
    ]
    assert damage.value == pytest.approx(0.25 * 80.0 * 1448.0) and damage.unit == "EUR"


def own_limits(folder):
    """A file of limits beside a scenario, in francs; the scenario's text names it."""
    text = (LIMITS.parent / "germany.toml").read_text(encoding="utf-8")
    (folder / "own.toml").write_text(text.replace("EUR", "CHF"), encoding="utf-8")
    return GOOD.replace("15:10:00", "15:00:20") + '[region]\nlimits = "own.toml"\n'


def test_limits_of_a_users_file_stay_with_the_run(tmp_path):
    """The file is gone: damage is judged by what the run kept, in francs."""
    kept = load(tmp_path, own_limits(tmp_path)).region
    assert kept["limits"] == "own.toml"
    (tmp_path / "own.toml").unlink()
    house = {"use": [0], "building": [[0, 1, 0]], "area_m2": [80.0], "ground_floor_m": [0.0]}
    toy(tmp_path / "r", depth=[[0.5, 0.0, 0.5]], exposure=house)
    path = tmp_path / "r" / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"region": kept}))
    from flood_sim.results import open_results

    outcomes = Consequences(open_results(tmp_path / "r")).outcomes()
    (damage,) = [o for o in outcomes if o.name == "damage"]
    assert damage.unit == "CHF" and damage.value == pytest.approx(0.25 * 80.0 * 1448.0)


@pytest.mark.parametrize("pack", [False, True])
def test_wrong_limits_are_known_before_the_run(tmp_path, pack):
    """They were read after the loop. Of a pack beside the scenario they lie beside it, too."""
    text = own_limits(tmp_path)
    if pack:
        (tmp_path / "pack.toml").write_text('limits = "own.toml"\n')
        text = text.replace('limits = "own.toml"', 'pack = "pack.toml"')
    assert load(tmp_path, text).region["limit_tables"]["damage"]["currency"] == "CHF"
    (tmp_path / "own.toml").write_text('[damage]\ncurrency = "CHF"\n')
    with pytest.raises(InputError, match=r"E106 own.toml, \[damage\] `depth_m`"):
        load(tmp_path, text)


GREEN = """[measure.parks]
kind = "sunken_green"
targets = { polygon_m = [[0, 0], [40, 0], [40, 40], [0, 40]] }
[portfolio.green]
measures = ["parks"]
"""


def bill_of(folder, region, portfolio="green"):
    (folder / "s.toml").write_text(GOOD + GREEN + region, encoding="utf-8")
    return build_inputs(load_scenario(folder / "s.toml"), portfolio).measures


def test_measures_cost_the_money_of_the_place(tmp_path):
    """The same square metres, by the price of each pack; no bill holds two moneys."""
    for region, money, price in (
        ("", "CNY", 45.0),
        ('[region]\npack = "china-henan"\n', "CNY", 45.0),
        ('[region]\npack = "germany"\n', "EUR", 40.0),
    ):
        (row,) = bill_of(tmp_path, region)
        (line,) = row["quantities"]
        assert row["currency"] == money and row["price_year"] == 2021
        assert row["capital"]["middle"] == pytest.approx(price * line["amount"])
        assert money != "EUR" or "assumed" in line["source"]
        said = bill_lines((row,))
        assert f"M {money} a year" in said[-1]
        assert money == "CNY" or "CNY" not in str((row, said))


@pytest.mark.parametrize("name", pack_names())
def test_a_pack_prices_all_that_the_program_builds(name):
    items = prices(shipped_region(name, "").model_dump()).items
    assert set(items) == set(UNIT_COSTS)
    assert {k: (c.unit, c.life_y) for k, c in items.items()} == {
        k: (c.unit, c.life_y) for k, c in UNIT_COSTS.items()
    }


def test_what_a_pack_does_not_price_is_refused(tmp_path):
    costs = '[costs]\nprice_year = 2024\nsource = "own"\n[costs.items]\n{}\n'
    region = '[region]\npack = "own.toml"\n'
    own = tmp_path / "own.toml"
    own.write_text('currency = "CHF"\n' + costs.format("sunken_green = [60, 80, 100]"))
    (row,) = bill_of(tmp_path, region)
    assert row["capital"]["middle"] == 80.0 * row["quantities"][0]["amount"]
    assert (row["currency"], row["price_year"]) == ("CHF", 2024)
    own.write_text('currency = "CHF"\n' + costs.format("levee = [60, 80, 100]"))
    with pytest.raises(InputError, match=r"(?s)no unit cost in CHF of sunken_green.*costs.items"):
        bill_of(tmp_path, region)
    for wrong, said in (
        (costs.format("levee = [60, 80, 70]"), "must not fall"),
        (costs.format("levee = [60, 70, 80]"), "in which money"),
    ):
        own.write_text(("" if "money" in said else 'currency = "CHF"\n') + wrong)
        with pytest.raises(InputError, match=said):
            bill_of(tmp_path, region)


def test_loads_without_a_formula_take_the_scenarios_law():
    loads = {"day": {"depth_mm": 50.0, "at_y": 10.0}}
    law = shipped_region("germany", "").rain_law.law
    growth = (1.0 + 0.867 * 2.0) / (1.0 + 0.867)
    assert day_depth_mm(loads, 100.0, law) == pytest.approx(50.0 * growth)
    named = {"day": loads["day"] | {"formula": "zhengzhou-measures"}}
    old = FORMULAS["zhengzhou-measures"]
    ratio = old.intensity_l_s_ha(120.0, 100.0) / old.intensity_l_s_ha(120.0, 10.0)
    assert day_depth_mm(named, 100.0, law) == pytest.approx(50.0 * ratio)


def test_check_prints_the_law(tmp_path):
    told = flood_sim("check", "teaching")
    assert "rain law of return periods and sizes: zhengzhou-measures (10 years" in told.stdout
    assert build_inputs(load_scenario("teaching")).design_law.own


def test_sizes_go_by_that_law():
    """A pipe of 0.7 m that carries one year full, wanted for ten: the flow grows 2.022 times by the
    law of 2002 (0.911 m: 1.0 m is bought), 1.867 times by the German pack's (0.885 m: 0.9 m).
    """
    measure = TrunkUpsizing(kind="trunk_upsizing", targets=["P"], size_for_return_period_y=10)
    pipe = SimpleNamespace(name="P", depth_m=0.7)
    packed = shipped_region("germany", "").rain_law
    for law, diameter in ((TAKEN_LAW, 1.0), (DesignLaw(packed.name, packed.law), 0.9)):
        view = SimpleNamespace(design_law=law, return_periods={"P": 1.0})
        assert measure._sized(view, pipe) == diameter


def test_a_law_that_is_only_taken_is_said_where_it_sizes():
    measure = TrunkUpsizing(kind="trunk_upsizing", targets=["P"], size_for_return_period_y=10)
    fixed = TrunkUpsizing(kind="trunk_upsizing", targets=["P"], diameter_m=1.0)
    taken = SimpleNamespace(design_law=TAKEN_LAW, lines={})
    own = SimpleNamespace(design_law=DesignLaw("mine", TAKEN_LAW.law), lines={})
    sized, not_sized = SimpleNamespace(sizes_by_law=True), SimpleNamespace(sizes_by_law=False)
    assert [f.code for f in _law_taken("up", measure, sized, taken)] == ["W543"]
    assert not _law_taken("up", measure, sized, own)
    assert not _law_taken("up", fixed, not_sized, taken)
    rule = {"layer": "pipes", "where": ["return_period_y < 2"]}
    chosen = TrunkUpsizing(kind="trunk_upsizing", targets=rule, diameter_m=1.0)
    assert [f.code for f in _law_taken("up", chosen, not_sized, taken)] == ["W543"]
