"""Tables of benchmarks, and the gate: what got worse, what is gone, what no longer holds."""

from datetime import date

from benchmarks.tables import markdown, regressions


def result(**values):
    """Figures by name: (value, goal, lower)."""
    figures = [
        {
            "name": n,
            "value": v,
            "unit": "m",
            "goal": g,
            "holds": None if g is None or v is None else (v >= g if low else v <= g),
            "note": "a|b",
            "lower": low,
        }
        for n, (v, g, low) in values.items()
    ]
    return {
        "benchmark": "accuracy",
        "machine": {"processor": "P", "cores": 2},
        "versions": {"numba": "1"},
        "figures": figures,
    }


def test_a_table_names_machine_versions_and_day():
    text = markdown(
        [result(error=(0.12, 0.1, False), order=(2.1, 1.8, True), lost=(None, None, False))],
        date(2026, 11, 27),
    )
    assert "Measured on 2026-11-27" in text and "processor P, cores 2, numba 1." in text
    assert (
        "| error | 0.12 | m | at most 0.1 | **no** | a/b |" in text
        and "| order | 2.1 | m | at least 1.8 | yes | a/b |" in text
    )
    assert "| lost | null | m |  |  | a/b |" in text


def test_the_gate_tells_what_got_worse_and_nothing_else():
    before = result(
        error=(0.10, None, False),
        order=(2.0, 1.8, True),
        tiny=(1e-15, None, False),
        gone=(1.0, None, False),
        close=(0.099, 0.1, False),
    )
    same = regressions(before, before)
    better = result(
        error=(0.05, None, False),
        order=(2.5, 1.8, True),
        tiny=(3e-15, None, False),
        gone=(0.5, None, False),
        close=(0.01, 0.1, False),
    )
    assert same == [] == regressions(better, before)
    worse = result(
        error=(0.11, None, False),
        order=(1.85, 1.8, True),
        tiny=(1e-15, None, False),
        close=(0.101, 0.1, False),
    )
    assert [line.split(":")[0] for line in regressions(worse, before)] == [
        "error",
        "order",
        "close",
        "gone",
    ]
    assert regressions(result(error=(None, None, False)), result(error=(0.1, None, False)))[
        0
    ].startswith("error: 0.1 before, no value now")
