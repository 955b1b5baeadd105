"""What docs/method/mechanism.md tells a population to set is what the model samples, with the same numbers."""

from __future__ import annotations

from pathlib import Path

from tests.library.laboratory import nsclc

PAGE = Path(__file__).parents[2] / "docs" / "method" / "mechanism.md"


def test_the_table_of_sampled_parameters_is_the_models():
    section = (
        PAGE.read_text(encoding="utf-8")
        .split("## Parameters a population must set")[1]
        .split("\n## ")[0]
    )
    rows = [
        line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")
    ][1:]
    printed = {row[0]: (float(row[1]), float(row[2]), row[3]) for row in rows}
    scales = {"lognormal": "log", "logitnormal": "logit"}
    sampled = {
        p.name: (p.value, p.distribution.spread, scales[p.distribution.kind])
        for p in nsclc().parameters
        if p.distribution is not None
    }
    assert printed == sampled
