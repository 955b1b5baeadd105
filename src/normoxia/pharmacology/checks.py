"""Checks of a whole drug document, each of which can be read alone; all findings are reported together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from normoxia.documents import Finding, Place
from normoxia.errors import NormoxiaError
from normoxia.pharmacology.drug import Drug

Found = Iterator[Finding]


def check(drug: Drug) -> tuple[Finding, ...]:
    """Every finding about a drug that was read: kinetics that lack a part, effects without numbers, texts that do not parse."""
    return tuple(finding for look in CHECKS for finding in look(drug))


def has_name_of_file(drug: Drug) -> Found:
    """A drug's name is that of its file, because the library looks it up so."""
    stem = drug.place.file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    if drug.place.file.endswith((".yaml", ".yml")) and drug.name != stem:
        yield _finding(
            drug,
            "drug",
            f'the drug is called "{drug.name}" in a file called "{stem}"',
            "call both alike",
        )
    if not drug.name.isidentifier():
        yield _finding(
            drug,
            "drug",
            f'"{drug.name}" cannot begin the names of a model',
            "use letters, digits and _",
        )


def has_whole_kinetics(drug: Drug) -> Found:
    """What enters a model needs clearance and volume; each outer compartment needs both its flow and its volume."""
    has = {parameter.name for parameter in drug.parameters}
    pairs = [
        ("intercompartmental_clearance", "peripheral_volume"),
        ("deep_clearance", "deep_volume"),
        ("maximum_elimination", "half_saturation"),
    ]
    needed = {"central_volume"} | (set() if "maximum_elimination" in has else {"clearance"})
    if drug.kind != "chemotherapy":
        needed |= {"clearance"}
    if drug.is_absorbed:
        needed |= {"absorption_rate"}
    for one, other in pairs:
        if (one in has) != (other in has):
            needed |= {one, other}
    if "deep_volume" in has:
        needed |= {"peripheral_volume"}
    for name in sorted(needed - has):
        yield _finding(drug, "kinetics.parameters", f'missing parameter "{name}"', "add it")
    for parameter in drug.parameters:
        leader = drug.parameter(parameter.follows)
        if leader is not None and leader.follows:
            found = f"{parameter.name} follows {leader.name}, which follows {leader.follows}"
            yield _finding(
                drug, f"kinetics.parameters.{parameter.name}", found, f"follow {leader.follows}"
            )


def has_positive_numbers(drug: Drug) -> Found:
    """Volumes, clearances and rates are above 0."""
    for parameter in drug.parameters:
        if parameter.quantity.value <= 0.0:
            found = f"found {parameter.quantity.value:g}"
            yield _finding(
                drug, f"kinetics.parameters.{parameter.name}", found, "expected more than 0"
            )


def has_whole_effects(drug: Drug) -> Found:
    """Each slot has the numbers its term is made of."""
    if not drug.effects:
        yield _finding(drug, "effects", "the drug adds to no slot", "name at least one")
    for effect in drug.effects:
        if effect.slot == "chemo_effect":
            needed = ["strength", "reference_dose", "loss"]
        elif effect.slot == "cooperative_reach":
            needed = ["of", "strength"]
        elif effect.slot == "offtarget_ratio":
            needed = ["of", "selectivity"]
        else:
            needed = ["affinity"]
        for part in needed:
            if not getattr(effect, part):
                yield _finding(drug, f"effects.{effect.slot}", f'missing key "{part}"', "add it")
        if effect.of and drug.effect(effect.of) is None:
            yield _finding(
                drug,
                f"effects.{effect.slot}",
                f"derives from {effect.of}, which the drug lacks",
                "add it",
            )
    if drug.kind == "chemotherapy" and {effect.slot for effect in drug.effects} != {"chemo_effect"}:
        yield _finding(
            drug, "effects", "chemotherapy adds to other slots", "expected chemo_effect alone"
        )


def has_readable_regimens(drug: Drug) -> Found:
    """Labels and exposures are texts of the regimen notation."""
    from normoxia.pharmacology.course_text import of_drug

    texts = [("labels", label.text) for label in drug.labels]
    texts += [("exposures", exposure.regimen) for exposure in drug.exposures if exposure.regimen]
    for key, text in texts:
        try:
            of_drug(drug, text)
        except NormoxiaError as error:
            yield _finding(drug, key, str(error), "write it as in `1200 mg q3w`")
    if not drug.labels:
        yield _finding(
            drug,
            "labels",
            "no dose is known",
            "give at least one, such as `{dose: 200 mg q3w, source: ...}`",
        )
    for exposure in drug.exposures:
        if exposure.measure == "occupancy" and drug.blockade is None:
            yield _finding(
                drug,
                "exposures",
                "an occupancy of a drug that blocks neither PD-1 nor PD-L1",
                "leave it out",
            )
        if not exposure.regimen and exposure.measure != "half_life":
            yield _finding(
                drug,
                "exposures",
                f"a {exposure.measure} without a regimen",
                "say after which regimen",
            )


CHECKS: tuple[Callable[[Drug], Found], ...] = (
    has_name_of_file,
    has_whole_kinetics,
    has_positive_numbers,
    has_whole_effects,
    has_readable_regimens,
)


def _finding(drug: Drug, key: str, found: str, expected: str) -> Finding:
    return Finding(Place(drug.place.file, drug.place.line, key), found, expected)
