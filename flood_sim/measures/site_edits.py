"""Edits of sites onto SiteInputs. Keys of openings and passages: (name, field); of spaces: (name,
field) or (name, PUMP, measure); of critical sites: (name, ...).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from typing import Any

from flood_sim.measures.edits import Op
from flood_sim.measures.resources import Resource
from flood_sim.sites.critical import CriticalSite, Need
from flood_sim.sites.sites import SiteInputs
from flood_sim.sites.underground_inputs import Opening, Space

NEW, ANY_OF, AUTONOMY, RESERVE, PUMP = "new", "any_of", "autonomy_s", "reserve", "pump"
Items = Mapping[tuple[Resource, Hashable], tuple[Op, Any]]


def edited_sites(sites: SiteInputs, items: Items) -> SiteInputs:
    """The sites after merged edits; the same object where none concerns them."""
    mine: dict[Resource, dict[tuple, tuple[Op, Any]]] = {}
    for (resource, key), edit in items.items():
        if resource.of_sites and isinstance(key, tuple):
            mine.setdefault(resource, {})[key] = edit
    if not mine:
        return sites
    spaces = tuple(_space(s, mine) for s in sites.spaces.spaces)
    passages = tuple(
        _changed(p, p.name, mine.get(Resource.PASSAGES, {})) for p in sites.spaces.passages
    )
    edits = mine.get(Resource.CRITICAL, {})
    critical = [_critical(c, edits) for c in sites.critical]
    new = [
        value for key, (_, value) in sorted(edits.items(), key=lambda e: str(e[0])) if key[1] == NEW
    ]
    return SiteInputs(replace(sites.spaces, spaces=spaces, passages=passages), (*critical, *new))


def _space(space: Space, mine: dict[Resource, dict[tuple, tuple[Op, Any]]]) -> Space:
    openings: tuple[Opening, ...] = tuple(
        _changed(o, o.name, mine.get(Resource.OPENINGS, {})) for o in space.openings
    )
    edits = {
        key: edit for key, edit in mine.get(Resource.SPACES, {}).items() if key[0] == space.name
    }
    added = {key: value for key, (_, value) in edits.items() if key[1] == PUMP}
    space = _changed(
        space, space.name, {key: edit for key, edit in edits.items() if key[1] != PUMP}
    )
    return replace(
        space,
        openings=openings,
        pumps=(*space.pumps, *(added[key] for key in sorted(added, key=str))),
    )


def _changed(thing: Any, name: str, edits: dict[tuple, tuple[Op, Any]]) -> Any:
    """A thing with its fields set, raised or lowered."""
    for (owner, field), (op, value) in edits.items():
        if owner == name:
            now = getattr(thing, field)
            thing = replace(
                thing,
                **{
                    field: (
                        max(now, value)
                        if op == "raise_to"
                        else min(now, value)
                        if op == "lower_to"
                        else value
                    )
                },
            )
    return thing


def _critical(site: CriticalSite, edits: dict[tuple, tuple[Op, Any]]) -> CriticalSite:
    plain = {key: edit for key, edit in edits.items() if len(key) == 2 and key[1] != NEW}
    site = _changed(site, site.name, plain)
    return replace(
        site,
        needs=tuple(
            _need(n, {k[1:]: e for k, e in edits.items() if k[:2] == (site.name, j)})
            for j, n in enumerate(site.needs)
        ),
    )


def _need(need: Need, edits: dict[tuple, tuple[Op, Any]]) -> Need:
    """edits: (number, what, ...) to edit."""
    for key, (_, value) in sorted(edits.items(), key=lambda e: str(e[0])):
        if key[1] == ANY_OF:
            need = replace(need, any_of=(*need.any_of, value))
        elif key[1] == AUTONOMY:
            need = replace(need, autonomy_s=max(need.autonomy_s, value))
        elif key[1] == RESERVE:
            need = replace(need, reserve=value)
    return need


def without_gates(sites: SiteInputs, names: Collection[str]) -> SiteInputs:
    """The sites where these openings' boards and gates do not stand by themselves."""
    spaces = tuple(
        replace(
            s,
            openings=tuple(replace(o, placed=o.placed and o.name not in names) for o in s.openings),
        )
        for s in sites.spaces.spaces
    )
    return replace(sites, spaces=replace(sites.spaces, spaces=spaces))
