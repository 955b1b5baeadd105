from __future__ import annotations

import pytest

from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model import network as net
from normoxia.evidence.synthesis.model.components import fit_components, interaction_test
from normoxia.evidence.synthesis.model.contrasts import Contrast

#: ICI alone -0.3, anti-VEGF alone -0.2, together -0.6 (interaction -0.1), all over chemo
FACTORIAL = [
    Contrast("1", "chemo + ici", "chemo", -0.3, 0.01),
    Contrast("2", "chemo + vegf", "chemo", -0.2, 0.01),
    Contrast("3", "chemo + ici + vegf", "chemo", -0.6, 0.01),
]


def test_an_interaction_is_what_the_sum_leaves_out() -> None:
    test = interaction_test(net.build(FACTORIAL), ("ici", "vegf"), model="common")
    assert test.interaction.estimate == pytest.approx(-0.1)
    assert test.df == 1
    assert test.q == pytest.approx(
        (0.1 / (0.01 * 3**0.5)) ** 2
    )  # -0.6 against the sum of three independent contrasts


def test_additive_components_bridge_disconnected_networks() -> None:
    parts = net.build(
        [
            Contrast("1", "chemo + ici", "chemo", -0.3, 0.1),
            Contrast("2", "erlotinib + vegf", "erlotinib", -0.2, 0.1),
            Contrast("3", "chemo + vegf", "erlotinib + vegf", 0.4, 0.1),
        ]
    )
    assert parts.n_parts == 2
    fitted = fit_components(parts, model="common")
    bridge = fitted.combination("chemo + ici", "erlotinib")
    assert bridge.is_estimable
    assert bridge.estimate == pytest.approx(-0.3 + 0.4)
    assert bridge.se == pytest.approx(0.02**0.5)
    league = fitted.league(["chemo + ici", "erlotinib"])
    assert league[0][1] == bridge
    assert league[0][0] is None


def test_what_no_study_tells_apart_is_marked() -> None:
    fitted = fit_components(
        net.build([Contrast("1", "chemo + ici + vegf", "chemo", -0.5, 0.1)]), model="common"
    )
    known = {e.component: e.is_estimable for e in fitted.effects()}
    assert known == {"chemo": False, "ici": False, "vegf": False}
    assert fitted.combination("chemo + ici + vegf", "chemo").estimate == pytest.approx(-0.5)


def test_components_may_be_named_and_an_interaction_must_be_shown() -> None:
    network = net.build([Contrast("1", "A", "B", -0.5, 0.1)])
    named = fit_components(network, parts_of={"A": ("x", "y"), "B": ("y",)}, model="common")
    assert named.component("x").estimate == pytest.approx(-0.5)
    with pytest.raises(InvalidArgument, match="no treatment holds both"):
        fit_components(network, parts_of={"A": ("x",), "B": ("y",)}, interactions=(("x", "y"),))
    with pytest.raises(InvalidArgument, match='"B" has no components'):
        fit_components(network, parts_of={"A": ("x",)})
