"""The causal map draws every statement of the model, its arrows point as the model's slopes do, and ablation stills them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from normoxia import library, mechanism
from normoxia.errors import InvalidModel
from normoxia.mechanism import causal_map
from normoxia.mechanism import expression as ex
from normoxia.mechanism.arrows import ReferenceState
from normoxia.mechanism.causal_map import CausalMap, MapArrow
from normoxia.mechanism.model import Model


@pytest.fixture(scope="module")
def model() -> Model:
    return mechanism.read(library.path("models", "nsclc"))


@pytest.fixture(scope="module")
def drawn() -> CausalMap:
    return causal_map.read_map(library.path("diagrams", "nsclc"))


@pytest.fixture(scope="module")
def reference(model: Model) -> ReferenceState:
    return ReferenceState(model)


def value(state: ReferenceState, model: Model, formula: ex.Expression, **moved: float) -> float:
    """A formula at the reference patient, with names moved; what is derived from the settled state stands as there."""
    functions = {f.name: (f.arguments, f.body) for f in model.functions}
    known = {
        name: moved[name]
        if name in moved
        else state.value(name, moved)
        if name not in state.fixed
        else state.at(name)
        for name in ex.symbols(formula)
    }
    return ex.evaluate(ex.inline(formula, functions), known)


def test_every_statement_has_an_arrow_and_every_name_is_of_the_model(
    model: Model, drawn: CausalMap
) -> None:
    causal_map.check_map(drawn, model)
    assert drawn.stated == {s.tag for s in model.statements}


def test_a_statement_without_an_arrow_is_found(model: Model, drawn: CausalMap) -> None:
    without = replace(drawn, arrows=tuple(a for a in drawn.arrows if "C14" not in a.statements))
    with pytest.raises(InvalidModel, match="C14 has no arrow"):
        causal_map.check_map(without, model)


def test_a_name_that_the_model_has_not_is_found(model: Model, drawn: CausalMap) -> None:
    wrong = replace(drawn.arrows[0], effect=ex.parse("up(hypoxy, a_VH)"))
    with pytest.raises(InvalidModel, match='"hypoxy" is no name'):
        causal_map.check_map(replace(drawn, arrows=(wrong, *drawn.arrows[1:])), model)


def test_arrows_are_emergent_where_their_statement_is(model: Model, drawn: CausalMap) -> None:
    emergent = {s.tag for s in model.statements if s.emergent}
    for arrow in drawn.arrows:
        if arrow.statements:
            assert (arrow.effect is None) == bool(set(arrow.statements) & emergent), arrow.id


def test_signs_are_those_of_the_slopes_at_the_reference_patient(
    reference: ReferenceState, drawn: CausalMap
) -> None:
    for arrow in drawn.arrows:
        if arrow.slope:
            wanted = arrow.sign * (-1 if arrow.inverse else 1)
            assert reference.slope(*arrow.slope) * wanted > 1e-9, arrow.id


def test_effects_are_one_at_the_reference_patient(
    reference: ReferenceState, model: Model, drawn: CausalMap
) -> None:
    for arrow in drawn.arrows:
        if arrow.effect is not None:
            # the pruning that acts at the reference is 1.6 % of what can
            expected = pytest.approx(1.0, abs=0.02 if "prune" in arrow.terms else 1e-9)
            assert value(reference, model, arrow.effect) == expected, arrow.id


def test_effects_fall_silent_when_their_statement_is_ablated(
    model: Model, drawn: CausalMap
) -> None:
    silenced = 0
    for statement in model.statements:
        own = [a for a in drawn.arrows if _removed_by(a, statement.tag, statement.ablation)]
        if not own:
            continue
        ablated = model.with_values(dict(statement.ablation))
        state = ReferenceState(ablated)
        for arrow in own:
            assert arrow.effect is not None
            driver = arrow.slope[0]
            at = state.at(driver)
            moved = value(state, ablated, arrow.effect, **{driver: at * 1.2 + (at == 0) * 0.2})
            assert moved == pytest.approx(value(state, ablated, arrow.effect), abs=1e-9), arrow.id
            silenced += 1
    assert silenced >= 25


def _removed_by(arrow: MapArrow, tag: str, ablation: object) -> bool:
    """Whether a parameter that the ablation sets stands in the arrow's own effect."""
    if tag not in arrow.statements or arrow.effect is None or not isinstance(ablation, dict):
        return False
    return bool(ex.symbols(arrow.effect) & set(ablation))
