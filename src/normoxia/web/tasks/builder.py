"""What a trial is built from: cards of the drugs, and characteristics by which patients are enrolled."""

from __future__ import annotations

import functools
from typing import Any

import normoxia as nx
from normoxia.language import Language, language
from normoxia.pharmacology.drug import Drug
from normoxia.population.covariates import Levels, Quantiles

#: the shipped population, and its characteristics by which trials enrol, in the order in which they are shown
POPULATION = "advanced-nsclc"
ENROLLED_BY = ("histology", "egfr", "pdl1_tps", "stage", "ecog", "smoker", "asian", "tmb_high")


def builder(lang: str = "en") -> dict[str, Any]:
    """Cards of every drug of the library with its label doses, and levels of characteristics with their shares."""
    text = language(lang)
    return {
        "drugs": [_card(name, lang, text) for name in nx.drugs()],
        "covariates": _covariates(text),
    }


def _card(name: str, lang: str, text: Language) -> dict[str, Any]:
    drug = _drug(name)
    return {
        "id": name,
        "title": drug.names.get(lang) or drug.names.get("en", name),
        "class": text.term(drug.drug_class),
        "kind": text.term(drug.kind),
        "targets": list(drug.targets),
        "labels": [label.text for label in drug.labels],
    }


@functools.cache
def _drug(name: str) -> Drug:
    return nx.read_drug(name)


def _covariates(text: Language) -> list[dict[str, Any]]:
    known = {one.name: one for one in nx.read_population(POPULATION).covariates}
    listed = []
    for name in ENROLLED_BY:
        law = known[name].law
        if not isinstance(law, (Levels, Quantiles)):
            continue
        levels = [
            {"id": level, "title": text.term(level), "share": share}
            for level, share in law.shares.items()
        ]
        title = text.term(known[name].title or name)
        listed.append({"id": name, "title": title, "levels": levels})
    return listed
