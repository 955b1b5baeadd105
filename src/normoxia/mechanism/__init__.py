"""Mechanism: what a model says, as text that is read, checked, composed and taken apart.

expression  trees of formulas: read, printed, substituted
model       the frozen values a model is made of; read this first
inputs      doses, all the engine knows of dosing
reading     YAML sections to values (atoms: their smallest parts); writing: values to YAML
files       documents and their modules    compose   several models made one
checks      names, use and units, each finding with its file and line
            (scope: names and formulas; naming, cycles: checks of both; balance: unit algebra)
statements  the claims a model makes, and the model without them
causal_map  what a drawing of the model shows: nodes, and an arrow for every statement
sbml        SBML Level 3, for other programs (mathml: formulas; administration: doses)
"""

from normoxia.mechanism.checks import check, checked
from normoxia.mechanism.compose import compose
from normoxia.mechanism.files import parse, parse_module, read, read_module
from normoxia.mechanism.sbml import export
from normoxia.mechanism.statements import ablate, statements, switch
from normoxia.mechanism.writing import write

__all__ = [
    "ablate",
    "check",
    "checked",
    "compose",
    "export",
    "parse",
    "parse_module",
    "read",
    "read_module",
    "statements",
    "switch",
    "write",
]
