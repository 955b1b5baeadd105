"""What is believed of the heterogeneity before the studies are read: families of priors of tau, and published ones by name.

Few studies hardly inform tau; the heterogeneity of thousands of other meta-analyses does. Sources: Turner 2012, Int J Epidemiol 41:818
(log-normal distributions of tau2 of log odds ratios by outcome and comparison); Rhodes 2015, J Clin Epidemiol 68:52 (log-t with five
degrees of freedom, standardised mean differences); Roever 2021, Res Synth Methods 12:448 (half-normal priors of tau).
No such distribution of log hazard ratios is published to our knowledge: Turner's is used for them (assumed).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from normoxia import documents, library
from normoxia.documents import Findings
from normoxia.errors import InvalidArgument, UnknownName
from normoxia.evidence.synthesis.model.contrasts import EffectMeasure
from normoxia.evidence.synthesis.model.heterogeneity import Array

Family = Literal["log-normal", "log-t5", "half-normal", "half-cauchy"]
FAMILIES: tuple[Family, ...] = ("log-normal", "log-t5", "half-normal", "half-cauchy")
#: the word for the prior that fits the measure
DEFAULT = "default"
#: families with a location and a scale of log(tau2); the others have one scale
_OF_LOG = ("log-normal", "log-t5")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeterogeneityPrior:
    """A prior distribution of the standard deviation between studies.

    Parameters
    ----------
    family
        "log-normal" and "log-t5" are of tau2, "half-normal" and "half-cauchy" of tau.
    scale
        Standard deviation of log(tau2), or the scale of tau.
    location
        Mean of log(tau2); not used by the families of tau.
    name
        Name in the library, "" for one made here.
    measure
        The scale of effects it was fitted to, "" for one made here.
    source
        The citation, "" for one made here.

    Raises
    ------
    InvalidArgument
        A scale that is not above 0.
    """

    family: Family
    scale: float
    location: float = 0.0
    name: str = ""
    measure: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise UnknownName("family of priors", self.family, FAMILIES)
        if not (0.0 < self.scale < math.inf and math.isfinite(self.location)):
            raise InvalidArgument(
                f"prior {self.family} with scale {self.scale:g} and location {self.location:g}; expected a finite scale above 0"
            )

    @property
    def label(self) -> str:
        """The distribution in letters, such as tau2 ~ log-normal(-2.56, 1.74)."""
        if self.family in _OF_LOG:
            return f"tau2 ~ {self.family}({self.location:g}, {self.scale:g})"
        return f"tau ~ {self.family}({self.scale:g})"

    def log_density(self, log_tau: Array) -> Array:
        """Log density of log(tau), up to a constant.

        Parameters
        ----------
        log_tau
            Natural logarithms of tau; shape (n,).

        Returns
        -------
        Array
            Shape (n,).
        """
        z = (2.0 * log_tau - self.location) / self.scale  # of log(tau2)
        tau = np.exp(np.minimum(log_tau, 300.0)) / self.scale
        match self.family:
            case "log-normal":
                return np.asarray(-0.5 * z**2, dtype=np.float64)
            case "log-t5":
                return np.asarray(-3.0 * np.log1p(z**2 / 5.0), dtype=np.float64)
            case "half-normal":
                return np.asarray(log_tau - 0.5 * tau**2, dtype=np.float64)
            case _:
                return np.asarray(log_tau - np.log1p(tau**2), dtype=np.float64)


def prior_of(text: str | HeterogeneityPrior | None, effect: EffectMeasure) -> HeterogeneityPrior:
    """The prior that a name or a text means.

    Parameters
    ----------
    text
        A name of `library/priors/heterogeneity.yaml`; a family with its numbers, such as "half-normal 0.5" or
        "log-normal -2.56 1.74"; None or "default" for the general setting of Turner 2012 (ratios) or Rhodes 2015 (SMD).
    effect
        The measure of the analysis.

    Raises
    ------
    UnknownName
        A name that is neither.
    InvalidArgument
        A family without its numbers; no prior and a measure whose unit is the study's own (MD, RD).
    """
    if isinstance(text, HeterogeneityPrior):
        return text
    if text is None or text.strip().casefold() == DEFAULT:
        if effect.is_ratio:
            return named_priors()["turner-general"]
        if effect is EffectMeasure.SMD:
            return named_priors()["rhodes-general"]
        raise InvalidArgument(
            f"{effect} has a unit of its own, so no published prior of tau fits it; give one, such as half-normal 0.5"
        )
    words = text.replace(",", " ").split()
    for family in FAMILIES:
        if words and words[0].casefold() == family:
            return _of_words(family, words[1:], text)
    for name, prior in named_priors().items():
        if name == text.strip().casefold():
            return prior
    raise UnknownName("prior", words[0] if words else text, [DEFAULT, *named_priors(), *FAMILIES])


def _of_words(family: Family, words: list[str], text: str) -> HeterogeneityPrior:
    needed = 2 if family in _OF_LOG else 1
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != needed:
        example = f"{family} -2.56 1.74" if needed == 2 else f"{family} 0.5"
        raise InvalidArgument(
            f'prior "{text}": expected {needed} numbers behind the family, such as "{example}"'
        )
    if needed == 2:
        return HeterogeneityPrior(family=family, location=numbers[0], scale=numbers[1])
    return HeterogeneityPrior(family=family, scale=numbers[0])


@functools.cache
def named_priors() -> dict[str, HeterogeneityPrior]:
    """The priors of the library by name."""
    findings = Findings()
    root = documents.load(library.path("priors", "heterogeneity")).fields(
        findings, ("title", "sources", "priors"), ("note",)
    )
    findings.raise_any()
    sources = {
        key: node.fields(findings, ("citation", "doi", "read_in"))["citation"].text(findings)
        for key, node in root["sources"].entries(findings).items()
    }
    priors = {}
    for name, node in root["priors"].entries(findings).items():
        entry = node.fields(findings, ("family", "mu", "sigma", "scale", "source"))
        findings.raise_any()
        priors[name] = HeterogeneityPrior(
            family=entry["family"].text(findings, _OF_LOG),  # type: ignore[arg-type]
            location=entry["mu"].number(findings),
            scale=entry["sigma"].number(findings, minimum=1e-6),
            name=name,
            measure=entry["scale"].text(findings),
            source=sources[entry["source"].text(findings, sources)],
        )
    findings.raise_any()
    return priors
