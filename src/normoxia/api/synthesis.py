"""Network meta-analysis of a table or of a shipped question, with its results as data frames."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia.api.names import one_of
from normoxia.errors import InvalidArgument, InvalidDocument
from normoxia.evidence.synthesis import answers, pooling, questions
from normoxia.evidence.synthesis.intake import tables
from normoxia.evidence.synthesis.model.contrasts import EffectMeasure
from normoxia.evidence.synthesis.model.heterogeneity import TauMethod
from normoxia.outcome import exponential

if TYPE_CHECKING:
    import polars

    from normoxia.evidence.synthesis.model.network import NetworkEffect
    from normoxia.evidence.synthesis.model.priors import HeterogeneityPrior
    from normoxia.evidence.synthesis.pooling import Synthesis


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Pooled:
    """A network meta-analysis; `normoxia.pool` gives it.

    Attributes
    ----------
    name
        The question, or the file of the table.
    syntheses
        The fitted networks by endpoint; the endpoint of a table is "".
    content
        The analysis as plain dictionaries and lists.
    """

    name: str
    syntheses: Mapping[str, Synthesis]
    content: Mapping[str, Any]

    def effects(self) -> polars.DataFrame:
        """Every ordered pair of treatments, those against the reference first.

        Returns
        -------
        polars.DataFrame
            Columns `endpoint` (null for a table), `measure`, `treatment`, `comparator`, `value`, `low`, `high`,
            `prediction_low`, `prediction_high`, `p_value`. Ratios are on their natural scale; null means that no path
            of studies connects the pair.
        """
        import polars as pl

        rows = [
            {
                "endpoint": endpoint or None,
                "measure": str(synthesis.network.effect),
                "treatment": effect.treatment,
                "comparator": effect.comparator,
                **_numbers(effect, synthesis),
            }
            for endpoint, synthesis in self.syntheses.items()
            for effect in _ordered(synthesis)
        ]
        numbers = ("value", "low", "high", "prediction_low", "prediction_high", "p_value")
        kinds = dict.fromkeys(numbers, pl.Float64()) | {"endpoint": pl.String()}
        return pl.DataFrame(
            rows, schema_overrides=kinds if rows else None, infer_schema_length=None
        )

    def league(self, endpoint: str | None = None) -> polars.DataFrame:
        """The league table: the effect of each row's treatment against each column's, with its interval, as text.

        Parameters
        ----------
        endpoint
            Of a question; may be omitted when there is one.

        Raises
        ------
        InvalidArgument
            The analysis has several endpoints and none was given.
        """
        import polars as pl

        synthesis = self._synthesis(endpoint)
        names = [rank.treatment for rank in synthesis.ranking]
        names += [name for name in synthesis.network.treatments if name not in names]
        columns = {
            column: [
                None
                if row == column
                else _interval(_numbers(synthesis.effect(row, column), synthesis))
                for row in names
            ]
            for column in names
        }
        return pl.DataFrame(
            {"treatment": names, **columns}, schema=dict.fromkeys(["treatment", *names], pl.String)
        )

    def to_json(self) -> dict[str, Any]:
        """The analysis as plain dictionaries and lists; numbers that do not exist are None."""
        return dict(self.content)

    def _synthesis(self, endpoint: str | None) -> Synthesis:
        if endpoint is not None:
            return self.syntheses[one_of("endpoint", endpoint, self.syntheses)]
        if len(self.syntheses) != 1:
            raise InvalidArgument(
                f"{self.name} has {len(self.syntheses)} networks; give endpoint= one of {', '.join(self.syntheses)}"
            )
        return next(iter(self.syntheses.values()))

    def __repr__(self) -> str:
        parts = [
            f"{endpoint + ' ' if endpoint else ''}{len(synthesis.network.treatments)} treatments"
            for endpoint, synthesis in self.syntheses.items()
        ]
        return f"<Pooled {self.name}: {', '.join(parts) or 'no network'}>"

    def _repr_html_(self) -> str:
        """The league table of each endpoint."""
        return "".join(
            f"<p><strong>{html.escape(f'{self.name} {endpoint}'.strip())}</strong></p>{_table(self.league(endpoint))}"
            for endpoint in self.syntheses
        )


def pool(
    what: str | Path,
    *,
    effect: str | None = None,
    model: str = "random",
    tau: str = "REML",
    reference: str | None = None,
    small_values: str | None = None,
    hartung_knapp: bool = False,
    level: float = 0.95,
    seed: int = 0,
    leave_out_faulty: bool = False,
    prior: HeterogeneityPrior | str | None = None,
) -> Pooled:
    """Pool a table of contrasts or arms (.csv, .tsv), or the studies of a shipped question.

    Parameters
    ----------
    what
        The path of a table, the name of a shipped question in any spelling, or a question document (.yaml).
    effect
        Measure of a table: HR, OR, RR, IRR, RD, MD or SMD; taken from the table when it says.
    model
        "random" or "common".
    tau
        Estimator of the variance between studies.
    reference, small_values
        Of a table: the treatment the others are shown against, and whether small values are "good" or "bad" for the
        patient.
    level
        Of every interval.
    seed
        Of the rank probabilities.
    leave_out_faulty
        Whether to pool a table without the rows that have faults, instead of refusing it.
    prior
        Of the heterogeneity, for a Bayesian analysis beside the other: "default" (Turner 2012 or Rhodes 2015 by measure), a name such as
        "turner-mortality-drugs", or a family with its numbers such as "half-normal 0.5".

    Raises
    ------
    InvalidDocument
        The table or the question has faults; all are listed.
    InvalidArgument
        An option that cannot be meant, or that belongs to tables and was given for a question.
    UnknownName
        There is no question of the name.
    """
    kind = one_of("model", model, ("common", "random"))
    tau = one_of("tau estimator", tau, [method.value for method in TauMethod])
    effect = effect and one_of("effect", effect, [measure.value for measure in EffectMeasure])
    options: dict[str, Any] = {
        "model": kind,
        "tau": tau,
        "hartung_knapp": hartung_knapp,
        "level": level,
        "seed": seed,
        "prior": prior,
    }
    if _is_question(what):
        if effect or reference or small_values or leave_out_faulty:
            raise InvalidArgument(
                "effect, reference, small_values and leave_out_faulty belong to tables; a question names its own"
            )
        return _of_question(what, options)
    return _of_table(Path(what), effect, reference, small_values, leave_out_faulty, options)


def _of_question(what: str | Path, options: dict[str, Any]) -> Pooled:
    is_document = Path(what).suffix.lower() in (".yaml", ".yml")
    name = what if is_document else one_of("question", str(what).strip(), questions.names())
    answered = answers.answer(name, **options)
    fitted = {
        key: one.synthesis for key, one in answered.analyses.items() if one.synthesis is not None
    }
    return Pooled(name=answered.question.name, syntheses=fitted, content=answered.to_json())


def _of_table(
    path: Path,
    effect: str | None,
    reference: str | None,
    small_values: str | None,
    leave_out_faulty: bool,
    options: dict[str, Any],
) -> Pooled:
    table = tables.read_network(path, effect=effect)
    if table.left_out and not leave_out_faulty:
        raise InvalidDocument(
            "\n".join(
                [
                    f"{table.file}: {len(table.left_out)} of {table.n_rows} rows cannot be used:",
                    *tables.listed(table.findings),
                    "correct them, or pool the others with leave_out_faulty=True",
                ]
            ),
            table.findings,
        )
    options |= {"effect": effect, "reference": reference, "small_values": small_values}
    synthesis = pooling.pool(table, **options)
    return Pooled(
        name=Path(table.file).name, syntheses={"": synthesis}, content=synthesis.to_json()
    )


def _is_question(what: str | Path) -> bool:
    """Whether the argument names a question; a table is whatever is a file or looks like one."""
    path = Path(what)
    if path.suffix.lower() in (".yaml", ".yml"):
        return True
    return not (isinstance(what, Path) or path.is_file() or path.suffix or len(path.parts) > 1)


def _ordered(synthesis: Synthesis) -> Iterator[NetworkEffect]:
    names = synthesis.network.treatments
    comparators = [synthesis.reference, *(name for name in names if name != synthesis.reference)]
    for comparator in comparators:
        yield from (synthesis.effect(name, comparator) for name in names if name != comparator)


def _numbers(effect: NetworkEffect, synthesis: Synthesis) -> dict[str, float | None]:
    """An effect on the scale it is printed on; None for what does not exist."""
    is_ratio = synthesis.network.effect.is_ratio
    ends = {
        "value": effect.estimate,
        "low": effect.low,
        "high": effect.high,
        "prediction_low": effect.prediction[0],
        "prediction_high": effect.prediction[1],
    }
    shown = {name: exponential(x) if is_ratio else x for name, x in ends.items()} | {
        "p_value": effect.p_value
    }
    return {name: x if math.isfinite(x) else None for name, x in shown.items()}


def _interval(numbers: Mapping[str, float | None]) -> str | None:
    value, low, high = (numbers[name] for name in ("value", "low", "high"))
    if value is None:
        return None
    return (
        f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"
    )


def _table(frame: polars.DataFrame) -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in frame.columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell or '')}</td>" for cell in row) + "</tr>"
        for row in frame.iter_rows()
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
