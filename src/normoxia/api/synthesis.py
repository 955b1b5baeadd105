"""Network meta-analysis of a table or of a question, with its results as data frames."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia.api.names import one_of
from normoxia.api.synthesis_options import PoolOptions, pool_options
from normoxia.errors import InvalidArgument
from normoxia.evidence.studies.registry import registry
from normoxia.evidence.synthesis import answers, questions
from normoxia.evidence.synthesis.table_analysis import TableAnalysis, analyse_table
from normoxia.notebook import frame_html, heading_html, ratio_text
from normoxia.outcome import exponential

if TYPE_CHECKING:
    import polars

    from normoxia.evidence.synthesis.answers import Answer
    from normoxia.evidence.synthesis.model.network import NetworkEffect
    from normoxia.evidence.synthesis.pooling import Synthesis
    from normoxia.evidence.synthesis.questions import Question
    from normoxia.report.figures.figure import Figure
    from normoxia.report.pages.document import Page

#: kinds of figures that `MetaAnalysis.plot` draws
_PLOTS = ("forest", "network", "ranking")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MetaAnalysis:
    """A network meta-analysis; `normoxia.pool` gives it.

    Attributes
    ----------
    name
        The question, or the file of the table.
    source
        The path of the table or of the question document.
    options
        How it was pooled.
    syntheses
        The fitted networks by endpoint; the endpoint of a table is "".
    table
        The analysis of a table; None for a question.
    answer
        The analysis of a question; None for a table.
    """

    name: str
    source: Path
    options: PoolOptions
    syntheses: Mapping[str, Synthesis]
    table: TableAnalysis | None = None
    answer: Answer | None = None

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

        Returns
        -------
        polars.DataFrame
            A column `treatment`, then one for each treatment, best first.

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
                else ratio_text(_numbers(synthesis.effect(row, column), synthesis))
                for row in names
            ]
            for column in names
        }
        return pl.DataFrame(
            {"treatment": names, **columns}, schema=dict.fromkeys(["treatment", *names], pl.String)
        )

    def ranking(self, endpoint: str | None = None) -> polars.DataFrame:
        """The treatments, best first.

        Parameters
        ----------
        endpoint
            Of a question; may be omitted when there is one.

        Returns
        -------
        polars.DataFrame
            Columns `treatment`, `p_score`, `sucra` and `p_best`, each from 0 to 1.
        """
        import polars as pl

        rows = [
            {"treatment": r.treatment, "p_score": r.p_score, "sucra": r.sucra, "p_best": r.p_best}
            for r in self._synthesis(endpoint).ranking
        ]
        return pl.DataFrame(rows)

    def plot(
        self, kind: str = "forest", *, endpoint: str | None = None, lang: str = "en"
    ) -> Figure:
        """Draw a figure of the analysis.

        Parameters
        ----------
        kind
            "forest": every treatment against the reference; "network": which treatments were compared; "ranking":
            P-scores with the probability of each rank, in the part of the network that holds the reference.
        endpoint
            Of a question; may be omitted when there is one.
        lang
            "en" or "zh".
        """
        from normoxia.language import language
        from normoxia.report.views.pooled import NetworkSections

        chosen = one_of("figure", kind, _PLOTS)
        sections = NetworkSections(self._synthesis(endpoint), language(lang))
        if chosen == "ranking":
            return sections.rankings()[0]
        return sections.forest() if chosen == "forest" else sections.network_graph()

    def page(self, lang: str = "en") -> tuple[Page, tuple[Figure, ...]]:
        """Return the report in one language, and its figures.

        Parameters
        ----------
        lang
            "en" or "zh".
        """
        from normoxia.api.synthesis_folder import report_page

        return report_page(self, one_of("language", lang, ("en", "zh")))

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """The analysis as plain dictionaries and lists: what `normoxia pool --json` prints.

        Parameters
        ----------
        lang
            Language of notes, findings and reasons; keys are English.
        """
        from normoxia.api.translation import translated

        if self.table is not None:
            return translated(self.table.to_json(), lang, self.table.table.findings)
        assert self.answer is not None
        return translated(_answer_json(self.answer), lang)

    def save(self, folder: str | Path, *, lang: str = "en", rmtl_ratio: bool = False) -> Path:
        """Write report, figures, tables and a copy of the input into a new folder; return its path.

        Parameters
        ----------
        folder
            Must not exist, or be empty.
        lang
            Language of the first page of the report.
        rmtl_ratio
            Whether to print ratios of restricted mean times lost beside differences of restricted means.

        Raises
        ------
        OutputExists
            The folder holds something.
        """
        from normoxia.api.synthesis_folder import write_folder

        return write_folder(Path(folder), self, lang=lang, rmtl_ratio=rmtl_ratio)

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
        return f"<MetaAnalysis {self.name}: {', '.join(parts) or 'no network'}>"

    def _repr_html_(self) -> str:
        """The league table of each endpoint."""
        return "".join(
            heading_html(
                f"{self.name} {endpoint}".strip(),
                f"{synthesis.network.effect} of the row's treatment against the column's, {synthesis.fit.model} effects",
            )
            + frame_html(self.league(endpoint))
            for endpoint, synthesis in self.syntheses.items()
        )


def pool(
    source: str | Path,
    *,
    effect: str | None = None,
    model: str = "random",
    method: str = "inverse-variance",
    tau: str = "REML",
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
) -> MetaAnalysis:
    """Pool a table of contrasts or arms (.csv, .tsv), or the studies of a question.

    Parameters
    ----------
    source
        The path of a table, the name of a shipped question in any spelling, or a question document (.yaml).
    effect
        Measure of a table: HR, OR, RR, IRR, RD, MD or SMD; taken from the table when it says.
    model
        "random" or "common".
    method
        For counts of a table: "inverse-variance", "mantel-haenszel", "penalised-logistic" or "binomial-normal".
    tau
        Estimator of the variance between studies, such as "REML", "DL" or "PM".
    reference
        The treatment the others are compared with; the one in most studies when omitted.
    small_values
        Whether small values are "good" or "bad" for the patient.
    endpoints
        Of a question: which of its endpoints; all when omitted.
    columns
        Of a table: roles to the names of columns that were misunderstood, such as {"se": "stderr"}.
    decimal
        Of a table: "point" or "comma" where its numbers have two readings.
    equivalence
        Of a table: the smallest effect that matters on the printed scale (1.2 for ratios); for the certainty.
    leave_out_faulty
        Of a table: whether to pool it without the rows that have faults, instead of refusing it.
    studies
        Of a question: folders with study documents to add to the registry.
    hartung_knapp
        Whether to take Hartung and Knapp's variance with t intervals.
    prediction
        "confidence" (default; the uncertainty of tau counts) or "student" (as in netmeta).
    level
        Of every interval, as a share or in percent.
    leave_one_out
        Of a table: whether to fit it without each study in turn; questions always are.
    components
        Of a table: whether to fit the component model of treatments named "A + B".
    inactive
        With `components`: the part without an effect, such as "placebo".
    seed
        Of the rank probabilities.
    prior
        Of the heterogeneity, for a Bayesian analysis beside the other: "default" (Turner 2012 or Rhodes 2015 by
        measure), a name such as "turner-mortality-drugs", or a family with its numbers such as "half-normal 0.5".

    Returns
    -------
    MetaAnalysis
        Effects, league table, ranking and figures.

    Raises
    ------
    InvalidDocument
        The table or the question has faults; all are listed.
    InvalidArgument
        An option that cannot be meant, or that belongs to tables and was given for a question.
    UnknownName
        There is no question, treatment, endpoint or word of an option of the name.
    """
    options = pool_options(
        effect=effect,
        model=model,
        method=method,
        tau=tau,
        reference=reference,
        small_values=small_values,
        endpoints=endpoints,
        columns=columns,
        decimal=decimal,
        equivalence=equivalence,
        leave_out_faulty=leave_out_faulty,
        studies=studies,
        hartung_knapp=hartung_knapp,
        prediction=prediction,
        level=level,
        leave_one_out=leave_one_out,
        components=components,
        inactive=inactive,
        seed=seed,
        prior=prior,
    )
    return _of_question(source, options) if _is_question(source) else _of_table(source, options)


def open_pool(folder: str | Path) -> MetaAnalysis:
    """Read a meta-analysis back from its folder: the copy of its input is pooled again with the same options.

    Parameters
    ----------
    folder
        As `MetaAnalysis.save` wrote it.

    Returns
    -------
    MetaAnalysis
        The same estimates.

    Raises
    ------
    InvalidDocument
        The folder holds no meta-analysis.
    """
    from normoxia.api.plain import read_json
    from normoxia.api.synthesis_folder import OPTIONS, SCHEMA

    path = Path(folder)
    kept = read_json(path, OPTIONS, SCHEMA)
    return pool(path / kept["input"], **kept["options"])


def _of_question(source: str | Path, options: PoolOptions) -> MetaAnalysis:
    from normoxia import library

    options.refuse_options_of_tables()
    if not _is_document(source):
        source = one_of("question or table", str(source).strip(), questions.names())
    question = _narrowed(questions.question(source), options)
    answered = answers.answer(
        question,
        studies=registry(*options.studies) if options.studies else None,
        **options.of_question(),
    )
    fitted = {
        name: one.synthesis for name, one in answered.analyses.items() if one.synthesis is not None
    }
    return MetaAnalysis(
        name=answered.question.name,
        source=library.find("questions", str(source)),
        options=options,
        syntheses=fitted,
        answer=answered,
    )


def _of_table(source: str | Path, options: PoolOptions) -> MetaAnalysis:
    options.refuse_options_of_questions()
    path = Path(source)
    analysis = analyse_table(path, **options.of_table())
    return MetaAnalysis(
        name=Path(analysis.table.file).name,
        source=path,
        options=options,
        syntheses={"": analysis.synthesis},
        table=analysis,
    )


def _narrowed(question: Question, options: PoolOptions) -> Question:
    """The question with the endpoints, the reference and the direction that were asked for."""
    if options.endpoints:
        asked = {one.endpoint.value: one for one in question.asked}
        names = [one_of("endpoint", name, asked) for name in options.endpoints]
        question = replace(question, asked=tuple(asked[name] for name in dict.fromkeys(names)))
    if options.reference is not None:
        nodes = {node for entry in question.entries for node in entry.arms.values()}
        question = replace(question, reference=one_of("treatment", options.reference, nodes))
    if options.small_values is not None:
        asked_for = tuple(replace(a, small_values=options.small_values) for a in question.asked)
        question = replace(question, asked=asked_for)
    return question


def _answer_json(answered: Answer) -> dict[str, Any]:
    """The dictionary of an answer, each endpoint's synthesis beside its studies, and the first one's on top."""
    content = answered.to_json()
    analyses = {}
    for name, analysis in content["analyses"].items():
        synthesis = analysis.pop("synthesis", None) or {}
        analyses[name] = analysis | {k: v for k, v in synthesis.items() if k not in analysis}
        analyses[name]["notes"] = [*analysis["notes"], *synthesis.get("notes", [])]
    first = next((name for name, a in analyses.items() if "effects" in a), None)
    shared = ("network", "effects", "heterogeneity", "ranking", "inconsistency")
    top = {key: analyses[first][key] for key in shared} if first else {}
    return {**content, "endpoint": first, **top, "analyses": analyses}


def _is_document(source: str | Path) -> bool:
    return Path(source).suffix.lower() in (".yaml", ".yml")


def _is_question(source: str | Path) -> bool:
    """Whether the argument names a question; a table is whatever is a file or looks like one."""
    path = Path(source)
    if _is_document(source):
        return True
    return not (isinstance(source, Path) or path.exists() or path.suffix or len(path.parts) > 1)


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
    shown = {name: exponential(x) if is_ratio else x for name, x in ends.items()}
    return {
        name: x if math.isfinite(x) else None
        for name, x in (shown | {"p_value": effect.p_value}).items()
    }
