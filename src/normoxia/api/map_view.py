"""The causal map and its play as JSON has them: what the page and the notebook's player draw from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from normoxia import library, mechanism, population
from normoxia.api.playing import MechanismPlay, read_causal_map
from normoxia.language import Language, language
from normoxia.mechanism import causal_map
from normoxia.mechanism import expression as ex

if TYPE_CHECKING:
    from normoxia.mechanism.causal_map import MapArrow
    from normoxia.mechanism.model import Model, Parameter, Statement
    from normoxia.trial.protocol import Trial

#: significant digits of a value
_DIGITS = 4
#: covariates by which a patient is named, and kinds of words of their levels
_NAMED = ("histology", "egfr", "pdl1_tps", "tmb_high", "line")


def map_view(lang: str = "en") -> dict[str, Any]:
    """The causal map: groups, nodes, arrows with their formulas and parameters, and the statements.

    Parameters
    ----------
    lang
        "en" or "zh".

    Returns
    -------
    dict
        `model`, `groups`, `nodes`, `statements`, `arrows`, `functions`, `note`.
    """
    text = language(lang)
    drawn = read_causal_map()
    model = mechanism.read(library.path("models", drawn.model))
    in_population = population.read("advanced-nsclc").statements
    return {
        "model": drawn.model,
        "groups": [
            {"id": name, "title": text.render(title)} for name, title in drawn.groups.items()
        ],
        "nodes": [
            {
                "id": node.id,
                "group": node.group,
                "title": text.render(node.title),
                "of": text.render(node.of) if node.of else "",
                "unit": node.unit,
                "unit_text": text.say(f"map.unit.{node.unit}") if node.unit else "",
            }
            for node in drawn.nodes
        ],
        "statements": [_statement(one, in_population, text) for one in model.statements],
        "arrows": [_arrow(arrow, model, text) for arrow in drawn.arrows],
        "functions": [
            {
                "name": f"{one.name}({', '.join(one.arguments)})",
                "formula": ex.show(one.body),
                "title": text.term(one.title),
            }
            for one in model.functions
        ],
        "note": text.say("map.note"),
    }


def play_view(
    play: MechanismPlay, trial: Trial, without: MechanismPlay | None = None, *, lang: str = "en"
) -> dict[str, Any]:
    """A play of the map, with the same play without some statements beside it.

    Parameters
    ----------
    play, without
        Plays of the same arms, days and patients; the second with statements ablated.
    trial
        Whose arms they are.
    lang
        "en" or "zh".

    Returns
    -------
    dict
        `trial`, `title`, `arms`, `choices` (all arms of the trial), `days`, `patients`, `patient`, `states` by arm (`nodes`, `low`, `high`, `arrows`: lists over
        days by id), `ranges` by node, and `ablated` and `without`, the states by arm after ablation.
    """
    text = language(lang)
    return {
        "trial": play.trial,
        "title": trial.title(lang),
        "arms": [{"id": arm, "title": trial.arm(arm).titles.get(lang, arm)} for arm in play.arms],
        "choices": [{"id": arm.id, "title": arm.titles.get(lang, arm.id)} for arm in trial.arms],
        "days": [float(day) for day in play.days],
        "patients": [
            {"id": k + 1, "text": _patient(one, text)} for k, one in enumerate(play.patients)
        ],
        "patient": play.patient,
        "failed": list(play.failed),
        "states": _states(play),
        "ranges": _ranges((play, without) if without else (play,)),
        "ablated": list(without.ablated) if without else [],
        "without": _states(without) if without else None,
        "note": text.say("map.note"),
    }


def _statement(
    statement: Statement, in_population: frozenset[str], text: Language
) -> dict[str, Any]:
    code = text.code
    says, added = statement.says, statement.added
    return {
        "tag": statement.tag,
        "says": says.get(code, says.get("en", "")),
        "added": added.get(code, added.get("en", "")),
        "review_place": text.term(statement.review_place),
        "term": text.term(statement.term),
        "emergent": statement.emergent,
        "ablation": dict(statement.ablation),
        "ablatable": bool(statement.ablation) or statement.tag in in_population,
    }


def _arrow(arrow: MapArrow, model: Model, text: Language) -> dict[str, Any]:
    parameters = {one.name: one for one in model.parameters}
    return {
        "id": arrow.id,
        "from": arrow.source,
        "to": arrow.target,
        "sign": arrow.sign,
        "statements": list(arrow.statements),
        "ours": not arrow.statements,
        "emergent": arrow.effect is None,
        "constant": arrow.constant,
        "effect": ex.show(arrow.effect) if arrow.effect is not None else "",
        "formulas": [list(sides) for sides in causal_map.formulas(arrow, model)],
        "parameters": [
            _parameter(parameters[name], text) for name in causal_map.parameters_of(arrow, model)
        ],
    }


def _parameter(parameter: Parameter, text: Language) -> dict[str, Any]:
    source = parameter.source
    return {
        "name": parameter.name,
        "title": text.term(parameter.title),
        "value": parameter.value,
        "unit": parameter.unit,
        "kind": parameter.kind,
        "low": _rounded(parameter.low),
        "high": _rounded(parameter.high),
        "source": text.term(source.reference) if source else "",
        "verified": bool(source and source.verified),
    }


def _patient(covariates: Mapping[str, object], text: Language) -> str:
    """A patient in a line: the covariates that the mechanism reads."""
    said = [text.say("map.patient.age", age=f"{covariates['age']:.0f}")]
    for name in _NAMED:
        if name in covariates:
            level = covariates[name]
            word = f"{level:g}" if isinstance(level, float) else str(level)
            said.append(text.known(f"map.patient.{name}.{word}", word))
    return text.say("map.patient.join").join(said)


def _states(play: MechanismPlay) -> dict[str, Any]:
    nodes = [(k, one.id) for k, one in enumerate(play.drawn.nodes) if one.value is not None]
    arrows = [(k, one.id) for k, one in enumerate(play.drawn.arrows) if one.effect is not None]

    def series(values: Any) -> list[float | None]:
        return [_rounded(float(value)) for value in values]

    one_patient = play.patient is not None
    return {
        arm: {
            "nodes": {name: series(play.values[a, :, k]) for k, name in nodes},
            "low": None if one_patient else {n: series(play.low[a, :, k]) for k, n in nodes},
            "high": None if one_patient else {n: series(play.high[a, :, k]) for k, n in nodes},
            "arrows": {name: series(play.effects[a, :, k]) for k, name in arrows},
        }
        for a, arm in enumerate(play.arms)
    }


def _ranges(plays: tuple[MechanismPlay, ...]) -> dict[str, list[float | None]]:
    """Lowest and highest value of each node over all arms and days."""
    ranges = {}
    for k, node in enumerate(plays[0].drawn.nodes):
        if node.value is not None:
            values = np.concatenate([play.values[:, :, k].ravel() for play in plays])
            known = values[np.isfinite(values)]
            ends = (known.min(), known.max()) if known.size else (math.nan, math.nan)
            ranges[node.id] = [_rounded(float(end)) for end in ends]
    return ranges


def _rounded(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
