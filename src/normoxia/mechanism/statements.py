"""The claims a model makes, and the model with one of them taken away or a structural variant changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from normoxia.errors import InvalidArgument, UnknownName
from normoxia.mechanism.model import Model, Parameter, Statement


@dataclass(frozen=True, slots=True)
class StatementSummary:
    """A statement with the present values of its parameters.

    strengths  value of each strength parameter, switches that are off applied
    ablated    whether the model stands as the statement's ablation would have it
    """

    statement: Statement
    strengths: Mapping[str, float]
    ablated: bool


def statements(model: Model) -> tuple[StatementSummary, ...]:
    """Every statement of the model, in the order of the text, with what its strengths are now."""
    values = model.defaults
    return tuple(
        StatementSummary(
            statement,
            {name: values[name] for name in statement.strengths if name in values},
            bool(statement.ablation)
            and all(values.get(n) == v for n, v in statement.ablation.items()),
        )
        for statement in model.statements
    )


def ablate(model: Model, tags: str | Iterable[str]) -> Model:
    """The model without the arrows of some statements: their parameters take the values that remove them.

    An ablated parameter no longer varies between patients, and switches leave it so.
    raises  UnknownName for a tag that is no statement; InvalidArgument for a statement that has no term of its own
            (emergent: it cannot be removed, only observed) or gives no ablation, and for two that disagree
    """
    known = {statement.tag: statement for statement in model.statements}
    values: dict[str, float] = {}
    for tag in (tags,) if isinstance(tags, str) else tuple(tags):
        if tag not in known:
            raise UnknownName("statement", tag, known)
        for name, value in _ablation(known[tag]).items():
            if values.setdefault(name, value) != value:
                raise InvalidArgument(
                    f"{tag} sets {name} to {value:g} and an earlier statement to {values[name]:g}; ablate them apart"
                )
    unknown = set(values) - {p.name for p in model.parameters}
    if unknown:
        raise UnknownName("parameter", min(unknown), (p.name for p in model.parameters))
    return replace(
        model,
        parameters=tuple(
            _fixed(p, values[p.name]) if p.name in values else p for p in model.parameters
        ),
        switches=tuple(
            replace(s, off_values={n: values.get(n, v) for n, v in s.off_values.items()})
            for s in model.switches
        ),
    )


def switch(model: Model, settings: Mapping[str, bool]) -> Model:
    """The model with structural variants turned on or off, by name. Raises UnknownName for a name that is no switch."""
    known = [s.name for s in model.switches]
    for name in settings:
        if name not in known:
            raise UnknownName("switch", name, known)
    return replace(
        model, switches=tuple(replace(s, on=settings.get(s.name, s.on)) for s in model.switches)
    )


def _ablation(statement: Statement) -> Mapping[str, float]:
    if statement.emergent:
        raise InvalidArgument(
            f"{statement.tag} is emergent ({statement.term}), so there is no term to remove; "
            "ablate the statements it emerges from"
        )
    if not statement.ablation:
        strengths = ", ".join(statement.strengths)
        raise InvalidArgument(
            f"{statement.tag} gives no ablation; change its strengths ({strengths}) or add ablate: to {statement.place}"
        )
    return statement.ablation


def _fixed(parameter: Parameter, value: float) -> Parameter:
    return replace(parameter, value=value, kind="fixed", distribution=None)
