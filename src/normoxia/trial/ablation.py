"""A trial without some causal statements: in its biology, in its population, and in its conduct.

A statement of the model is removed from the model (`mechanism.ablate`); one that tells patients apart, such as what EGFR
changes, is removed from the population; that toxicities add (C32) is removed from the conduct, where nobody then has any.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from normoxia import mechanism
from normoxia.errors import UnknownName
from normoxia.mechanism.model import Model
from normoxia.trial import runner
from normoxia.trial.protocol import Trial

#: the statement that the hazards of toxicity in the conduct of a trial carry
TOXICITIES_ADD = "C32"


def ablate(trial: Trial, tags: Iterable[str]) -> tuple[Trial, Model]:
    """The trial and its composed model without some statements, ready for `trial.run(trial, model=model)`.

    raises  UnknownName for a tag that is no statement; InvalidArgument for an emergent one, which has no term to remove
    """
    asked = sorted(set(tags))
    model = runner.compose(trial)
    known = {statement.tag: statement for statement in model.statements}
    for tag in asked:
        if tag not in known:
            raise UnknownName("statement", tag, known)
    elsewhere = {*trial.population.statements, TOXICITIES_ADD}
    of_model = [tag for tag in asked if known[tag].ablation or tag not in elsewhere]
    without = replace(trial, population=trial.population.without(asked))
    if TOXICITIES_ADD in asked:
        without = replace(without, clinic=replace(without.clinic, ascertainment=0.0))
    return without, mechanism.ablate(model, of_model)


def removed(trial: Trial, tags: Iterable[str]) -> frozenset[str]:
    """Parameters that ablating some statements sets, which a calibrated setting must then leave alone."""
    asked = set(tags)
    statements = runner.compose(trial).statements
    return frozenset(name for s in statements if s.tag in asked for name in s.ablation)
