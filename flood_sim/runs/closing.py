"""The block of lines at the end of a run, from its summary alone."""

from __future__ import annotations

from typing import Any


def closing_lines(summary: dict[str, Any]) -> list[str]:
    """The block at the end of a run."""
    ledger, exchange, flood = summary["ledger"], summary["exchange"], summary["flood"]
    hours = summary["timers"]
    lines = [
        (
            f"{summary['status']}: {summary['simulated_s'] / 3600.0:.2f} h of {summary['cells']}"
            f" cells in {summary['wall_s']:.1f} s, {summary['steps']} steps"
        ),
        (
            f"  rain {ledger['rain']:.0f} m3, out"
            f" {ledger['boundary_out'] + ledger['outfall_out']:.0f} m3{_lost(ledger)}, on the"
            " ground"
            f" {ledger['surface_stored_end']:.0f} m3, in sewers"
            f" {ledger['network_stored_end']:.0f} m3"
        ),
        (
            f"  volume error {ledger['error']:.3g} m3 ({ledger['relative_error']:.1e} of the"
            f" supply); SWMM's own residual {ledger['network_residual']:.1f} m3"
        ),
        (
            f"  street to sewer {exchange['to_sewer_street']:.0f} m3, sewer to street"
            f" {exchange['to_street_street']:.0f} m3, both sides agree to"
            f" {exchange['relative_difference']:.1e}"
        ),
        (
            f"  deepest {flood['max_depth_m']:.2f} m; above 0.15 m:"
            f" {flood['flooded_area_m2']['0.15'] / 1e4:.1f} ha"
        ),
        f"  surface by {summary['scheme']} ({summary['scheme_reason'] or 'as given'})",
        *_settled_lines(summary["network"]),
        *_site_lines(summary),
        "  time: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in hours.items()),
    ]
    if summary["message"]:
        lines.append(summary["message"])
    found = summary["findings"] if summary["status"] == "complete" else []
    said = [f for f in found if f["code"] in ("W438", "W453")]
    lines += [f"{f['code']} SWMM: {f['problem']}; {f['do']}" for f in said]
    lines += [f"not written: {n}: {why}" for n, why in summary.get("not_written", {}).items()]
    return lines + [f"exceeded: {text}" for text in summary["exceeded"]]


def _settled_lines(network: dict[str, Any]) -> list[str]:
    """In how many of SWMM's routing steps the heads did not settle; [] where it does not count."""
    steps = network.get("routing_steps", 0)
    if not steps:
        return []
    unsettled = network["unsettled_steps"]
    worst = [f"{name} {n}" for name, n in network.get("unsettled_nodes", {}).items()][:3]
    return [
        f"  SWMM: heads did not settle in {unsettled} of {steps} steps ({unsettled / steps:.1%})"
        + (f", most often at {', '.join(worst)}" if worst else "")
    ]


def _lost(ledger: dict[str, float]) -> str:
    """Of the sewers, otherwise than by outfalls; nothing where there was none."""
    kinds = {"spill_lost": "spilled off the grid", "sewer_seepage": "seeped from sewers"}
    kinds["sewer_evaporation"] = "evaporated from sewers"
    parts = [f"{ledger[key]:.0f} m3 {said}" for key, said in kinds.items() if ledger[key] > 0.5]
    return f" ({', '.join(parts)} besides)" if parts else ""


def _site_lines(summary: dict[str, Any]) -> list[str]:
    """What entered underground, who failed, and which boards came too late; [] without sites."""
    spaces = [s for s in summary["sites"].values() if s["kind"] == "underground"]
    critical = [s for s in summary["sites"].values() if s["kind"] == "critical"]
    boards, lines = summary["actions"]["boards"], []
    if spaces or critical:
        entered, wet = (
            sum(s["entered_m3"] for s in spaces),
            sum(s["entered_m3"] > 0.0 for s in spaces),
        )
        failed = sum(s["first_out"] is not None for s in critical)
        lines.append(
            f"  underground: {entered:.0f} m3 into {wet} of {len(spaces)} spaces; {failed} of"
            f" {len(critical)} critical sites failed"
        )
    if boards:
        late = [b for b in boards if b["margin_min"] is not None and b["margin_min"] < 0.0]
        standing = [b for b in boards if b["placed"] is not None]
        worst = f", the last {-min(b['margin_min'] for b in late):.0f} min" if late else ""
        lines.append(
            f"  boards: {len(standing)} of {len(boards)} placed, {len(late)} of them after the"
            f" water{worst}"
        )
    return lines
