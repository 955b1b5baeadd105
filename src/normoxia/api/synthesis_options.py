"""Options of a meta-analysis, validated once and passed on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from normoxia.api.names import one_of
from normoxia.errors import InvalidArgument
from normoxia.evidence.synthesis.model.contrasts import EffectMeasure
from normoxia.evidence.synthesis.model.counts import Method
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod

MODELS = ("common", "random")
PREDICTIONS = ("confidence", "student")
DIRECTIONS = ("good", "bad")
DECIMAL_MARKS = ("point", "comma")

#: options that only a table has, with the values that mean "not given"
_OF_TABLES: Mapping[str, object] = {
    "effect": None,
    "method": Method.INVERSE_VARIANCE.value,
    "columns": {},
    "decimal": None,
    "equivalence": None,
    "leave_out_faulty": False,
    "leave_one_out": False,
    "components": False,
    "inactive": None,
}
#: options that only a question has
_OF_QUESTIONS: Mapping[str, object] = {"endpoints": (), "studies": ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """How a table or a question is pooled; `normoxia.pool` describes each option."""

    effect: str | None
    model: Literal["common", "random"]
    method: str
    tau: str
    reference: str | None
    small_values: Literal["good", "bad"] | None
    endpoints: tuple[str, ...]
    columns: Mapping[str, str]
    decimal: str | None
    equivalence: float | None
    leave_out_faulty: bool
    studies: tuple[Path, ...]
    hartung_knapp: bool
    prediction: Literal["confidence", "student"] | None
    level: float
    leave_one_out: bool
    components: bool
    inactive: str | None
    seed: int
    prior: str | None = None

    def of_table(self) -> dict[str, Any]:
        """Arguments of `analyse_table`."""
        shared = {**self.of_question(), "reference": self.reference}
        given = {name: getattr(self, name) for name in _OF_TABLES}
        return {**shared, **given, "small_values": self.small_values}

    def of_question(self) -> dict[str, Any]:
        """Arguments of `answers.answer`."""
        names = ("model", "tau", "seed", "hartung_knapp", "level", "prediction", "prior")
        return {name: getattr(self, name) for name in names}

    def refuse_options_of_tables(self) -> None:
        """Raise InvalidArgument when an option was given that a question does not have."""
        given = [name for name, default in _OF_TABLES.items() if getattr(self, name) != default]
        if given:
            raise InvalidArgument(
                f"{', '.join(map(_spelt, given))} belong to tables; a question names its own measures and components, "
                "and leaves out each study in turn in any case"
            )

    def refuse_options_of_questions(self) -> None:
        """Raise InvalidArgument when an option was given that a table does not have."""
        given = [name for name, default in _OF_QUESTIONS.items() if getattr(self, name) != default]
        if given:
            raise InvalidArgument(
                f"{', '.join(map(_spelt, given))} belong to questions; a table has one endpoint"
            )


def pool_options(
    *,
    effect: str | None = None,
    model: str = "random",
    method: str = Method.INVERSE_VARIANCE.value,
    tau: str = TauMethod.REML.value,
    reference: str | None = None,
    small_values: str | None = None,
    endpoints: str | Iterable[str] = (),
    columns: Mapping[str, str] | None = None,
    decimal: str | None = None,
    equivalence: float | None = None,
    leave_out_faulty: bool = False,
    studies: Iterable[str | Path] = (),
    hartung_knapp: bool = False,
    prediction: str | None = None,
    level: float = 0.95,
    leave_one_out: bool = False,
    components: bool = False,
    inactive: str | None = None,
    seed: int = 0,
    prior: str | None = None,
) -> PoolOptions:
    """Options in any spelling, validated; `normoxia.pool` describes the parameters.

    Raises
    ------
    UnknownName
        A word that an option does not have.
    InvalidArgument
        A level that cannot be meant.
    """
    return PoolOptions(
        effect=_word("effect", effect, [measure.value for measure in EffectMeasure]),
        model=cast("Literal['common', 'random']", one_of("model", model, MODELS)),
        method=one_of("method", method, [one.value for one in Method]),
        tau=one_of("tau estimator", tau, [one.value for one in TauMethod]),
        reference=reference,
        small_values=cast(
            "Literal['good', 'bad'] | None", _word("direction", small_values, DIRECTIONS)
        ),
        endpoints=(endpoints,) if isinstance(endpoints, str) else tuple(endpoints),
        columns=dict(columns or {}),
        decimal=_word("decimal mark", decimal, DECIMAL_MARKS),
        equivalence=equivalence,
        leave_out_faulty=leave_out_faulty,
        studies=tuple(
            map(Path, (studies,) if isinstance(studies, (str, Path)) else tuple(studies))
        ),
        hartung_knapp=hartung_knapp,
        prediction=cast(
            "Literal['confidence', 'student'] | None",
            _word("kind of prediction interval", prediction, PREDICTIONS),
        ),
        level=_share(level),
        leave_one_out=leave_one_out,
        components=components,
        inactive=inactive,
        seed=seed,
        prior=prior,
    )


def _word(kind: str, value: str | None, words: Sequence[str]) -> str | None:
    return None if value is None else one_of(kind, value, words)


def _share(level: float) -> float:
    """A level as a share; 90 means 0.9. Levels below 0.5 or above 0.9999 are typing mistakes."""
    share = level / 100.0 if level > 1.0 else level
    if not 0.5 <= share <= 0.9999:
        raise InvalidArgument(
            f"level {level:g}: expected 0.5 to 0.9999, or 50 to 99.99 percent, such as 0.95"
        )
    return share


def _spelt(name: str) -> str:
    """An option as a reader of the command line knows it too."""
    return {"endpoints": "endpoint", "columns": "column"}.get(name, name).replace("_", "-")
