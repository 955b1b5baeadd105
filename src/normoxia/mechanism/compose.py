"""Several models made one: everything in them side by side, and contributed terms moved into their slots.

A function, parameter or compartment that two modules declare word for word alike counts once, a slot whenever the
units agree; any other name that stands twice is a finding. The order is that of the models, so a composition is the same
every time. A contribution whose slot no model declares stays a contribution: composing can go on later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from normoxia.documents import Findings
from normoxia.errors import InvalidArgument, InvalidModel
from normoxia.mechanism.model import Contribution, Equilibration, Model, Slot
from normoxia.mechanism.scope import term_places
from normoxia.units import unit

#: sections whose entries may be declared alike by several modules
_SHARED = ("compartments", "functions", "parameters", "slots")
_OWN = (
    "species",
    "assignments",
    "processes",
    "rules",
    "events",
    "observables",
    "switches",
    "statements",
)


def compose(models: Iterable[Model], name: str | None = None) -> Model:
    """One model of several; title, version, place and (unless given) name are the first one's.

    raises  InvalidModel with every name declared twice, every contribution in the wrong unit, and every
            disagreement of time units or equilibrations; InvalidArgument when there is no model at all
    """
    findings = Findings()
    model = united(tuple(models), findings)
    findings.raise_any(InvalidModel)
    return model if name is None else replace(model, name=name)


def united(models: Sequence[Model], findings: Findings) -> Model:
    """As `compose`, but notes the findings and gives what can be given (the first of two declarations)."""
    if not models:
        raise InvalidArgument("nothing to compose: no model was given; pass at least one")
    first = models[0]
    for model in models[1:]:
        if model.time_unit != first.time_unit:
            found = f'time_unit is "{model.time_unit}" here and "{first.time_unit}" in {first.name}'
            findings.note(model.place, found, "write both in the same unit")
    sections: dict[str, Any] = {
        section: _side_by_side(
            section, [item for m in models for item in getattr(m, section)], findings
        )
        for section in (*_SHARED, *_OWN)
    }
    sections["slots"], left = _fill(
        sections["slots"], tuple(c for m in models for c in m.contributions), findings
    )
    equilibrations = [m.equilibration for m in models if m.equilibration is not None]
    return replace(
        first,
        **sections,
        contributions=left,
        equilibration=_joint_equilibration(equilibrations, findings) if equilibrations else None,
    )


def _side_by_side(section: str, items: list[Any], findings: Findings) -> tuple[Any, ...]:
    seen: dict[str, Any] = {}
    for item in items:
        key = _name(item)
        if key not in seen:
            seen[key] = item
            continue
        earlier = seen[key]
        if section == "slots" and unit(earlier.unit).same_scale(unit(item.unit)):
            seen[key] = replace(
                earlier,
                terms=earlier.terms + item.terms,
                term_places=term_places(earlier) + term_places(item),
                title=earlier.title or item.title,
            )
        elif section not in _SHARED or earlier != item:
            advice = "rename one of them"
            if section in _SHARED:
                advice += ", or write both alike if they mean the same"
            findings.note(
                item.place, f'"{key}" is declared a second time (first at {earlier.place})', advice
            )
    return tuple(seen.values())


def _name(item: Any) -> str:
    return str(
        next(getattr(item, key) for key in ("name", "tag", "solves_for") if hasattr(item, key))
    )


def _fill(
    slots: tuple[Slot, ...], contributions: tuple[Contribution, ...], findings: Findings
) -> tuple[tuple[Slot, ...], tuple[Contribution, ...]]:
    filled = {slot.name: slot for slot in slots}
    left = []
    for term in contributions:
        slot = filled.get(term.slot)
        if slot is None:
            left.append(term)
            continue
        if term.unit and slot.unit and not unit(term.unit).same_scale(unit(slot.unit)):
            found = (
                f'adds a term in "{term.unit}" to the slot "{slot.name}", which is in "{slot.unit}"'
            )
            findings.note(term.place, found, "write the term in the slot's unit")
        filled[term.slot] = replace(
            slot, terms=(*slot.terms, term.expression), term_places=(*term_places(slot), term.place)
        )
    return tuple(filled.values()), tuple(left)


def _joint_equilibration(parts: Sequence[Equilibration], findings: Findings) -> Equilibration:
    """All parts as one: the one duration that is given, and everything else side by side."""
    first = parts[0]
    duration = first.duration
    during, initial = dict(first.during), dict(first.initial)
    for part in parts[1:]:
        if duration and part.duration and part.duration != duration:
            findings.note(
                part.place,
                f"duration is {part.duration:g} here and {duration:g} elsewhere",
                "give it once",
            )
        duration = duration or part.duration
        for mine, theirs, what in (
            (during, part.during, "during"),
            (initial, part.initial, "initial"),
        ):
            for name, value in theirs.items():
                if mine.setdefault(name, value) != value:
                    findings.note(
                        part.place, f'"{name}" under {what} is given twice', "keep one of them"
                    )
    return replace(
        first,
        duration=duration,
        hold=tuple(dict.fromkeys(name for part in parts for name in part.hold)),
        during=during,
        derived=_side_by_side("derived", [d for part in parts for d in part.derived], findings),
        initial=initial,
    )
