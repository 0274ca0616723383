"""Parts of a study's page: rows, order, what to buy, bands; what it says of how sure it is."""

import json
from types import SimpleNamespace

from flood_sim.analysis.html.words import Words
from flood_sim.analysis.outcomes.outcome import kinds_of
from flood_sim.study.gains import _band, envelope_pictures, gain_entries, purchases
from flood_sim.study.sentences import caveats, sure_sentence


def entry(name, storm="s", none=10.0, **values):
    keys = {"name": name, "storm": storm, "failure_set": "none", "loss_none": none}
    return keys | {
        "total_effect": sum(values.values()),
        "shapley": values,
        "first_in": {n: v + 1.0 for n, v in values.items()},
        "last_in": {n: v - 1.0 for n, v in values.items()},
        "interval": None,
        "interactions": None,
        "losses": [none - k for k in range(4)],
    }


def tables(tmp_path, *entries, **document):
    kinds = kinds_of({"name": e["name"]} for e in entries)
    study = {"outcomes": list(entries), "buying": []} | document
    names = [Words("pipes", "管"), Words("pumps", "泵")]
    store = SimpleNamespace(folder=tmp_path)
    return SimpleNamespace(kinds=kinds, document=study, names=names, store=store)


def test_a_row_a_project_the_best_first(tmp_path):
    found = gain_entries(tables(tmp_path, entry("damage", a=2.0, b=6.0)))
    (part,) = found
    assert [(r["name"].en, r["value"], r["share"]) for r in part["rows"]] == [
        ("pumps", 6.0, "75%"),
        ("pipes", 2.0, "25%"),
    ]
    assert (part["rows"][0]["first"], part["rows"][0]["last"]) == (7.0, 5.0)
    assert part["rows"][0]["low"] is None and part["circles"] is None
    assert part["sentence"].en == "pumps brings most: 6; all together: 8 CNY."
    assert part["sentence"].zh == "贡献最大：泵，6；合计 8 元。"
    even = entry("damage", a=1.0, b=-1.0) | {"interval": {"spread": [[1.0, 2.0], [3.0, 4.0]]}}
    (part,) = gain_entries(tables(tmp_path, even))
    assert part["rows"][0]["share"] == "–"  # of nothing there are no shares
    assert [(r["low"], r["high"]) for r in part["rows"]] == [(1.0, 3.0), (2.0, 4.0)]


def test_outcomes_that_are_nothing_are_left_out(tmp_path):
    """Nothing lost where nothing is built, or not shown on the page: no part. The table's order."""
    entries = (
        entry("road_area_hours", a=1.0, b=1.0),
        entry("damage", "t", a=1.0, b=1.0),
        entry("damage", "s", none=0.0, a=0.0, b=0.0),
        entry("ground_floor_area_wet", a=1.0, b=1.0),  # is not shown
    )
    found = gain_entries(tables(tmp_path, *entries))
    assert [(e["name"], e["storm"]) for e in found] == [("damage", "t"), ("road_area_hours", "s")]


def test_what_to_buy_and_in_which_order(tmp_path):
    """Nothing, then pumps (bit 1), then pipes besides; a year without a purchase is a dash."""
    order = {"years": [2, 2, 3], "greedy_years": [0, 1, 3], "gain": 1.0}
    bought = {"name": "damage", "storm": "s", "failure_set": "none", "order": order}
    bought |= {"frontier": [0, 2, 3], "hull": [0, 2, 3]}
    costs = {str(s): {"middle": 1e6 * s} for s in range(4)}
    other = bought | {"name": "service_loss"}
    made = tables(
        tmp_path, entry("damage", a=1.0, b=2.0), buying=[other, bought], costs=costs, currency="EUR"
    )
    (found,) = purchases(made)
    assert "EUR" in str(found) and "欧元" in str(found)
    assert found["hull"] == ("pumps → pipes", "泵 → 管")
    assert [y.en for y in found["order"]["years"]] == ["pumps", "–", "pipes"]
    assert [y.zh for y in found["order"]["greedy_years"]] == ["–", "管", "泵"]
    alone = tables(tmp_path, entry("damage", a=1.0, b=2.0), costs=costs, currency="EUR")
    alone.document["buying"] = [bought | {"order": None, "hull": [0], "frontier": [0]}]
    assert purchases(alone)[0]["hull"].en == "none" and purchases(alone)[0]["order"] is None


def test_a_band_a_portfolio_and_a_picture_a_storm(tmp_path):
    level = {"share": 0.5, "lowest": 1.0, "low": 2.0, "mean": 3.0, "high": 4.0, "highest": 5.0}
    one = {"portfolio": "p", "storm": "s", "calm": None, "levels": [level]}
    one |= {"critical": [{"component": f"C{k}"} for k in range(12)]}
    assert envelope_pictures(tables(tmp_path, entry("damage", a=1.0))) == []
    document = {"outcome": "volume_out_of_sewer", "envelopes": [one, one | {"storm": "t"}]}
    (tmp_path / "envelope.json").write_text(json.dumps(document))
    first, second = envelope_pictures(tables(tmp_path, entry("damage", a=1.0)))
    assert first["label"].en.endswith(", s") and second["label"].zh.endswith("，t")
    assert [c.en for c in first["critical"]] == ["p: " + ", ".join(f"C{k}" for k in range(10))]
    assert first["svg"].startswith("<svg")
    ends = [(0.0, 0.0, 0.0, 0.0, 0.0, 0.0), (0.5, 1.0, 2.0, 3.0, 4.0, 5.0)]
    assert _band(one) == ends  # where nothing has failed and no run is there: nothing
    assert _band(one | {"calm": 0.5})[0] == (0.0, 0.5, 0.5, 0.5, 0.5, 0.5)


def test_how_sure_the_ranking_is():
    sure = {"best_stays_first": 0.75, "error": 0.05, "best": "pump_stations", "second": "my_pipes"}
    one = sure_sentence({"outcomes": [{"name": "damage", "sure": sure}]}).en
    assert one == (
        "pump stations stays before my pipes in 75% (± 5%) of the plausible worlds tried."
    )
    projects = {"pump_stations": {"correlation": 0.9}, "my_pipes": {"correlation": 0.4}}
    twin = sure | {"best_stays_first": 0.6, "projects": projects, "draws": 64, "pairs": 9}
    other = sure_sentence({"outcomes": [{"name": "damage", "sure": sure, "twin": twin}]}).en
    assert "in 60%" in other and "64 by a coarse twin" in other and "0.40 in 9 pairs" in other
    for document in ({"outcomes": []}, {"outcomes": [{"name": "damage", "sure": {"best": "a"}}]}):
        assert "One world was tried" in sure_sentence(document).en
    rows = [{"volume_error_rel": v, "censored_sites": n} for v, n in ((1e-9, 0), (2e-7, 3), (0, 1))]
    texts = [c.en for c in caveats(rows)]
    assert "2.0e-07" in texts[0] and "In 2 of 3 runs" in texts[2]
