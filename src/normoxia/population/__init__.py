"""Virtual patients: covariates that hang together, and the parameters that go with them.

    covariates   how a covariate is drawn, on what it depends, and what it does to parameters, as values
    files        population documents (YAML) to values, all findings at once
    sample       the drawing itself: every patient from a stream of their own
    population   the drawn patients
    table_one    a drawn population beside a published baseline

Read `library/populations/advanced-nsclc.yaml` first, then `sample`.
"""

from normoxia.population.covariates import EVERYBODY, Clause, Condition, PopulationDocument
from normoxia.population.files import library, read
from normoxia.population.population import Acceptance, Population, joined
from normoxia.population.sample import sample
from normoxia.population.table_one import TableOne, TableOneRow, table_one

__all__ = [
    "EVERYBODY",
    "Acceptance",
    "Clause",
    "Condition",
    "Population",
    "PopulationDocument",
    "TableOne",
    "TableOneRow",
    "joined",
    "library",
    "read",
    "sample",
    "table_one",
]
