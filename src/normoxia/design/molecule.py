"""The document of a molecule: that of a known drug with some numbers changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from normoxia import documents, library, pharmacology, units
from normoxia.design.drug_designs import DOSE, HALF_LIFE, DrugDesign, DrugProperty
from normoxia.errors import InvalidArgument

#: what a changed document does not say any longer
_DROPPED = ("exposures", "aliases", "labels")


def document(design: DrugDesign, values: Mapping[str, float], name: str) -> str:
    """Return the document of the designed molecule as YAML.

    Parameters
    ----------
    design
        What is set.
    values
        Of each property, by id.
    name
        Of the molecule, as the model's names begin.

    Raises
    ------
    InvalidArgument
        The base's document has no number at the place of a property, or in another unit.
    """
    path = library.path("drugs", pharmacology.read(design.base).name)
    plain: Any = documents.load(path).plain()
    changed = {key: value for key, value in plain.items() if key not in _DROPPED}
    changed |= {"drug": name, "names": {"en": name, "zh": name}}
    if labels := plain.get("labels"):
        changed["labels"] = labels  # the ten-fold check of doses reads them
    for own in design.properties:
        if own.place == DOSE:
            continue
        if own.place == HALF_LIFE:
            _set_half_life(changed, values[own.id], own)
        else:
            _set(changed, own, values[own.id])
    return documents.write(changed)


def write(design: DrugDesign, values: Mapping[str, float], folder: Path, name: str) -> Path:
    """Write the document of the designed molecule into a folder; return its path.

    Raises
    ------
    InvalidArgument
        As `document`, or the folder's path has a space, which a regimen cannot name.
    InvalidDocument
        The changed document is not that of a drug.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / f"{name}.yaml"
    if len(str(path).split()) != 1:
        raise InvalidArgument(
            f'"{path}" has a space, and a regimen names its drug by one word; name another folder (--out)'
        )
    path.write_text(document(design, values, name), encoding="utf-8")
    pharmacology.read(path)
    return path


def _set(plain: dict[str, Any], own: DrugProperty, value: float) -> None:
    """Replace the number at a place, with whatever stood beside it that no longer holds."""
    node: Any = plain
    for key in own.place.split("."):
        node = node.get(key) if isinstance(node, dict) else None
    if not isinstance(node, dict) or "value" not in node:
        raise InvalidArgument(
            f"{own.id}: the drug's document has no number at {own.place}; expected a place such as "
            "effects.vegf_trap_ratio.affinity"
        )
    if own.unit and own.unit != str(node.get("unit")):
        raise InvalidArgument(
            f"{own.id}: in {own.unit}, the drug's document has {node.get('unit')} at {own.place}; write it in that"
        )
    node["value"] = value
    node["source"] = "assumed: set by the design"
    node.pop("range", None)
    node.pop("verified", None)


def _set_half_life(plain: dict[str, Any], days: float, own: DrugProperty) -> None:
    """Set the clearance that gives a terminal half-life."""
    from scipy.optimize import brentq

    parameters = plain["kinetics"]["parameters"]

    def number(name: str, unit: str) -> float:
        entry = parameters.get(name)
        return units.convert(float(entry["value"]), entry["unit"], unit) if entry else math.nan

    central = number("central_volume", "L")
    between = number("intercompartmental_clearance", "L/day")
    peripheral = number("peripheral_volume", "L")
    if not days > 0.0:
        raise InvalidArgument(f"{own.id}: a half-life of {days:g} days; expected above 0")

    def excess(log_clearance: float) -> float:
        clearance = math.exp(log_clearance)
        return half_life(clearance, central, between, peripheral) - days

    low, high = math.log(1e-6), math.log(1e6)
    if excess(low) < 0.0 or excess(high) > 0.0:
        raise InvalidArgument(
            f"{own.id}: no clearance gives a half-life of {days:g} days with these volumes; "
            f"the shortest is {half_life(math.exp(high), central, between, peripheral):.3g} days"
        )
    clearance = math.exp(float(brentq(excess, low, high, xtol=1e-12)))
    entry = parameters["clearance"]
    entry["value"] = units.convert(clearance, "L/day", entry["unit"])
    entry["source"] = "assumed: set by the design's half-life"
    entry.pop("range", None)
    entry.pop("verified", None)


def half_life(clearance: float, central: float, between: float, peripheral: float) -> float:
    """Return the terminal half-life in days of one or two compartments (L/day, L); `between` and `peripheral` nan for one.

    References
    ----------
    Gibaldi & Perrier 1982, Pharmacokinetics, 2nd edition, chapter 2.
    """
    k10 = clearance / central
    if math.isnan(between) or math.isnan(peripheral):
        return math.log(2.0) / k10
    k12, k21 = between / central, between / peripheral
    total = k10 + k12 + k21
    # the smaller root as a quotient, which keeps its digits where the roots lie far apart
    slow = 2.0 * k10 * k21 / (total + math.sqrt(total * total - 4.0 * k10 * k21))
    return math.log(2.0) / slow
