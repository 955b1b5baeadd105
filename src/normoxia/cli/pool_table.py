"""`normoxia pool` of a table: read with every fault named, pooled, judged, and shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from normoxia.cli.pool_options import METHODS
from normoxia.cli.pool_words import finding_words, print_pooled, show_table, translated
from normoxia.cli.show import print_json, say
from normoxia.cli.table import print_lines
from normoxia.errors import InvalidArgument, InvalidDocument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from normoxia.cli.pool_options import Options
    from normoxia.evidence.synthesis.intake.tables import NetworkTable
    from normoxia.evidence.synthesis.judgement.certainty import Certainty
    from normoxia.evidence.synthesis.judgement.proportionality import Proportionality
    from normoxia.evidence.synthesis.model.components import ComponentFit
    from normoxia.evidence.synthesis.model.network import NetworkEffect
    from normoxia.evidence.synthesis.pooling import Synthesis
    from normoxia.language import Language
    from normoxia.report.views.pooled import Shares

    Without = Mapping[str, tuple[NetworkEffect, ...] | None]


def pool_table(path: Path, asked: Options, out: Path | None, json: bool, quiet: bool) -> None:
    """Read, pool, judge and show a table; `out` keeps it."""
    from normoxia.evidence.synthesis.intake import tables
    from normoxia.evidence.synthesis.judgement.contribution import (
        shares_left_out,
        study_contributions,
    )
    from normoxia.evidence.synthesis.pooling import pool

    if asked.endpoint or asked.studies:
        raise InvalidArgument(
            "--endpoint and --studies belong to questions; a table holds one endpoint"
        )
    try:
        table = tables.read_network(
            path, columns=asked.columns, effect=asked.effect, decimal=asked.decimal
        )
    except InvalidDocument as error:
        text = str(error)
        if "columns={" not in text:
            raise
        raise InvalidDocument(
            f"{text}; on the command line: --column study=NAME --column treatment=NAME ...",
            error.findings,
        ) from None
    _refuse_faults(table, asked)
    synthesis = pool(
        table,
        effect=asked.effect,
        model=asked.model,
        tau=asked.tau,
        reference=asked.reference,
        small_values=asked.small_values,
        seed=asked.seed,
        method=asked.method,
        hartung_knapp=asked.hartung_knapp,
        level=asked.level,
        prediction=asked.prediction,
    )
    shares = {} if shares_left_out(synthesis.network) else study_contributions(synthesis.fit)
    judged = _certainty(synthesis, table, asked, shares)
    over_time = _over_time(synthesis)
    without, parts = _without(table, synthesis, asked), _parts(synthesis, asked)
    whole: dict[str, Any] = {}
    if json or out is not None:
        whole = _table_json(table, synthesis, judged, over_time, shares)
        whole |= _more_json(synthesis, without, parts)
        whole = translated(whole, asked.lang, table.findings)
    if out is not None:
        from normoxia.cli.pool_folder import write_table

        write_table(
            out,
            path,
            asked,
            table,
            synthesis,
            judged,
            shares,
            over_time,
            whole,
            without=without,
            parts=parts,
        )
    if json:
        print_json(whole)
    else:
        _print_table_answer(table, synthesis, judged, over_time, asked, quiet, without, parts)
    if out is not None:
        say(str(out / "report.html"), quiet=quiet)


def _over_time(synthesis: Synthesis) -> Proportionality | None:
    """What the registry's curves say of hazard ratios of studies of the same names; None where it says nothing."""
    from normoxia.evidence.synthesis.judgement.proportionality import of_the_registry
    from normoxia.evidence.synthesis.model.contrasts import EffectMeasure

    if synthesis.network.effect is not EffectMeasure.HR:
        return None
    found = of_the_registry(synthesis.network.studies)
    return found if found.pairs else None


def _refuse_faults(table: NetworkTable, asked: Options) -> None:
    """Rows that cannot be used stop the analysis, all of them named, unless the user leaves them out knowingly."""
    if not table.left_out or asked.leave_out_faulty:
        return
    from normoxia.evidence.synthesis.intake.tables import listed

    lines = ", ".join(map(str, table.left_out[:20])) + (" ..." if len(table.left_out) > 20 else "")
    raise InvalidDocument(
        "\n".join(
            [
                f"{table.file}: {len(table.left_out)} of {table.n_rows} rows cannot be used "
                f"(line{'s' if len(table.left_out) > 1 else ''} {lines}):",
                *listed(table.findings),
                "correct them, or pool the others with --leave-out-faulty",
            ]
        ),
        table.findings,
    )


def _without(table: NetworkTable, synthesis: Synthesis, asked: Options) -> Without | None:
    """Effects against the reference with each study left out, when asked for."""
    if not asked.leave_one_out:
        return None
    from normoxia.evidence.synthesis.without import without_each_study

    return without_each_study(synthesis, model=asked.model, tau=asked.tau, arms=table.arms)


def _parts(synthesis: Synthesis, asked: Options) -> ComponentFit | None:
    """The component model of treatments that are named as sums, when asked for."""
    if not asked.components:
        if asked.inactive is not None:
            raise InvalidArgument(
                f'--inactive "{asked.inactive}" belongs to --components; add that, or leave it out'
            )
        return None
    from normoxia.evidence.synthesis.model.components import fit_components, named_parts

    if asked.method != METHODS[0] or asked.hartung_knapp:
        raise InvalidArgument(
            "--components are fitted by inverse variance, with normal intervals: leave out --method and --hartung-knapp"
        )
    network = synthesis.network
    return fit_components(
        network,
        parts_of=named_parts(network, asked.inactive),
        model=asked.model,
        tau=asked.tau,
        level=asked.level,
    )


def _certainty(
    synthesis: Synthesis, table: NetworkTable, asked: Options, shares: Shares
) -> tuple[Certainty, ...]:
    """Certainty by the general rules and the table's own judgements; a difference needs the smallest one that matters."""
    import math

    from normoxia.evidence.synthesis.judgement.certainty import certainty

    is_ratio = synthesis.network.effect.is_ratio
    if asked.equivalence is None and not is_ratio:
        return ()
    smallest = asked.equivalence
    if smallest is not None:
        if not (1.0 if is_ratio else 0.0) < smallest < math.inf:
            raise InvalidArgument(
                f"--equivalence {smallest:g}: expected above {1 if is_ratio else 0}, the smallest effect that matters"
            )
        smallest = math.log(smallest) if is_ratio else smallest
    return certainty(
        synthesis.fit,
        equivalence=smallest,
        shares=shares,
        splits=synthesis.splits,
        **table.judgements,
    )


def _table_json(
    table: NetworkTable,
    synthesis: Synthesis,
    judged: tuple[Certainty, ...],
    over_time: Proportionality | None,
    shares: Shares,
) -> dict[str, Any]:
    from normoxia.evidence.synthesis.judgement.contribution import shares_left_out

    whole = synthesis.to_json()
    if told := shares_left_out(synthesis.network):
        whole["notes"].append(told)
    first = {
        "schema": whole["schema"],
        "over_time": over_time.to_json() if over_time is not None else None,
    }
    return (first | whole) | {
        "certainty": [one.to_json() for one in judged],
        "contributions": [
            {"treatment": t, "comparator": c, "studies": dict(own)}
            for (t, c), own in shares.items()
        ],
        "table": {
            "file": table.file,
            "layout": table.layout,
            "encoding": table.encoding,
            "delimiter": table.delimiter,
            "columns": dict(table.mapping),
            "rows": table.n_rows,
            "left_out": list(table.left_out),
            "findings": [
                {
                    "line": f.place.line or None,
                    "column": f.place.key or None,
                    "found": f.found,
                    "expected": f.expected,
                }
                for f in table.findings
            ],
        },
    }


def _more_json(
    synthesis: Synthesis, without: Without | None, parts: ComponentFit | None
) -> dict[str, Any]:
    """What only some ask for."""
    from normoxia.evidence.synthesis.pooling import effect_json

    found: dict[str, Any] = {}
    if without is not None:
        is_ratio = synthesis.network.effect.is_ratio
        found["leave_one_out"] = [
            {
                "study": study,
                "effects": None
                if effects is None
                else [effect_json(e, synthesis.fit.model, is_ratio) for e in effects],
            }
            for study, effects in without.items()
        ]
    if parts is not None:
        at = synthesis.reference
        found["components"] = parts.to_json(
            (t, at) for t in synthesis.network.treatments if t != at
        )
    return found


def _print_table_answer(
    table: NetworkTable,
    synthesis: Synthesis,
    judged: tuple[Certainty, ...],
    over_time: Proportionality | None,
    asked: Options,
    quiet: bool,
    without: Without | None,
    parts: ComponentFit | None,
) -> None:
    from normoxia.evidence.synthesis.judgement.contribution import shares_left_out
    from normoxia.language import language
    from normoxia.report.views.over_time import over_time_table, table_words
    from normoxia.report.views.pooled import NetworkSections

    speech = language(asked.lang)
    if not quiet:
        say(
            f"{speech.say('pool.mapping')} ({speech.word('layout', table.layout)}, {table.encoding}):"
        )
        for role, name in table.mapping.items():
            say(f"  {role:<14} <- {name}{_meaning(role, speech)}")
        role, name = next(iter(table.mapping.items()), ("study", "studlab"))
        say(speech.say("pool.correct", example=f'--column {role.split(" ")[0]}="{name}"'))
    for finding in table.findings:
        say(finding_words(finding, speech))
    told = NetworkSections(synthesis, speech, certainty=judged, without=without, parts=parts)
    if over_time is not None:
        print_lines(table_words(over_time, speech))
        show_table(
            over_time_table(
                over_time, speech, "over-time", translated=False, time_lost=asked.rmtl_ratio
            )
        )
    print_pooled(told)
    print_lines(told.parts_words())
    show_table(told.parts_table())
    show_table(left_out := told.without_table())
    if without is not None and left_out is None:
        print_lines([speech.say("pool.without_wide")])
    limits = told.limit_words()
    if unlisted := shares_left_out(synthesis.network):
        limits.append(speech.render(unlisted))
    if asked.small_values is None:
        limits.append(speech.say("pool.limit_assumed"))
    print_lines(
        [
            *limits,
            *(speech.render(note) for note in synthesis.network.notes),
            speech.say("pool.limits_table"),
        ]
    )


def _meaning(role: str, speech: Language) -> str:
    """What a role means, where its name does not say it in the language of the reader; roles are typed in English."""
    kind, _, number = role.partition(" ")
    meant = " ".join(part for part in (speech.word("role", kind), number) if part)
    return "" if meant == role else f"  {meant}"
