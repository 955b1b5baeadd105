"""The state of the causal map over time, for an arm of a trial or one of its patients."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from normoxia import library, simulation
from normoxia.api.ensemble_draws import parameter_sets_of
from normoxia.api.names import one_of
from normoxia.api.plan import FEWEST, check_numbers
from normoxia.api.trials import read_trial
from normoxia.calibration.fitting import ensemble
from normoxia.errors import InvalidArgument
from normoxia.mechanism import causal_map
from normoxia.notebook import heading_html
from normoxia.pharmacology import schedule
from normoxia.population import joined, sample
from normoxia.simulation import tables
from normoxia.trial import ablation, runner
from normoxia.trial.protocol import Trial

if TYPE_CHECKING:
    import polars

    from normoxia.mechanism.causal_map import CausalMap
    from normoxia.mechanism.model import Model
    from normoxia.population import Population
    from normoxia.simulation.simulator import Simulator
    from normoxia.simulation.state import State

#: days and patients that a play may have
MOST_DAYS, MOST_TIMES, MOST_PATIENTS = 1461.0, 400, 400
#: infusions shorter than this many days enter at once, as in the conduct of trials
_BOLUS_BELOW = 0.5
_TOLERANCE = 1e-3
#: bounds of the band over patients
_LOW, _HIGH = 10.0, 90.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MechanismPlay:
    """Nodes and arrows of the causal map over time; `normoxia.play` gives it.

    Every arm is given to the same patients, at its planned doses throughout: nobody stops for toxicity or progression.

    Attributes
    ----------
    drawn
        The map: what its nodes and arrows are.
    trial
        Id of the trial.
    arms
        Ids of the arms.
    days
        Since the first dose; shape (n_times,).
    values
        Of each node, in its unit: one patient's, or the median over patients; shape (n_arms, n_times, n_nodes); nan for a
        node without a value.
    low, high
        10th and 90th percentile over patients; equal to `values` when one patient was asked for.
    effects
        Factor by which each arrow multiplies its target, as values; nan for an arrow without one.
    patients
        Covariates of each patient who was drawn.
    patient
        The one that is shown, from 1; None for the median of all.
    failed
        How many patients of each arm the solver could not carry to the end; the median leaves them out.
    ablated
        Causal statements that were removed.
    """

    drawn: CausalMap
    trial: str
    arms: tuple[str, ...]
    days: Floats
    values: Floats
    low: Floats
    high: Floats
    effects: Floats
    patients: tuple[Mapping[str, object], ...]
    patient: int | None
    failed: tuple[int, ...]
    ablated: tuple[str, ...]

    def frame(self) -> polars.DataFrame:
        """One row for each arm, day and node.

        Returns
        -------
        polars.DataFrame
            Columns `arm`, `day`, `node`, `value`, `low` and `high` (10th and 90th percentile over patients), `unit`.
        """
        import polars as pl

        shown = [k for k, node in enumerate(self.drawn.nodes) if node.value is not None]
        return self._long(
            "node", [self.drawn.nodes[k].id for k in shown], self.values[:, :, shown]
        ).with_columns(
            pl.Series("low", self.low[:, :, shown].reshape(-1)),
            pl.Series("high", self.high[:, :, shown].reshape(-1)),
            pl.Series(
                "unit",
                [self.drawn.nodes[k].unit for k in shown] * (len(self.arms) * len(self.days)),
            ),
        )

    def effects_frame(self) -> polars.DataFrame:
        """One row for each arm, day and arrow.

        Returns
        -------
        polars.DataFrame
            Columns `arm`, `day`, `arrow` and `value`, the factor by which the arrow multiplies its target; it is 1 at the
            reference patient, and constant once the statement is ablated.
        """
        shown = [k for k, arrow in enumerate(self.drawn.arrows) if arrow.effect is not None]
        return self._long(
            "arrow", [self.drawn.arrows[k].id for k in shown], self.effects[:, :, shown]
        )

    def _long(self, name: str, ids: list[str], values: Floats) -> polars.DataFrame:
        import polars as pl

        n_arms, n_days, n = values.shape
        return pl.DataFrame(
            {
                "arm": np.repeat(np.asarray(self.arms, dtype=np.str_), n_days * n),
                "day": np.tile(np.repeat(self.days, n), n_arms),
                name: np.tile(np.asarray(ids, dtype=np.str_), n_arms * n_days),
                "value": values.reshape(-1),
            }
        )

    def __repr__(self) -> str:
        who = f"patient {self.patient}" if self.patient else f"median of {len(self.patients)}"
        without = f", without {', '.join(self.ablated)}" if self.ablated else ""
        return (
            f"<MechanismPlay of {self.trial}: {', '.join(self.arms)}; {who}; {len(self.days)} days"
            f"{without}>"
        )

    def _repr_html_(self) -> str:
        return heading_html(self.trial, repr(self))


def read_causal_map(name: str = "nsclc") -> CausalMap:
    """Read the causal map of a model.

    Parameters
    ----------
    name
        A shipped map, in any spelling.

    Returns
    -------
    CausalMap
        Its nodes and arrows, each with its statements, effect and formulas.

    Raises
    ------
    UnknownName
        There is no map of the name.
    """
    return _shipped(one_of("diagram", name, library.names("diagrams")))


def play(
    trial: Trial | str | Path = "impower150",
    *,
    arms: str | Iterable[str] = (),
    patient: int | None = None,
    patients: int = 40,
    ablate: str | Iterable[str] = (),
    days: str | ArrayLike = "0:364:7",
    seed: int = 1,
    calibrated: bool = True,
) -> MechanismPlay:
    """Follow the causal map over time under the arms of a trial.

    Parameters
    ----------
    trial
        A trial, or what `read_trial` takes.
    arms
        Ids of arms; all when omitted.
    patient
        Which patient to show, from 1; the median over all when omitted.
    patients
        How many virtual patients are drawn; up to 400.
    ablate
        Causal statements to remove, such as "C26".
    days
        Days since the first dose: ascending numbers from 0 to 1461, or a text such as "0:364:7"; up to 400.
    seed
        The same seed gives the same patients.
    calibrated
        Whether the patients are spread over draws of the calibrated ensemble; otherwise the documents' numbers.

    Returns
    -------
    MechanismPlay
        States of nodes and effects of arrows. Doses are as planned: nobody stops for toxicity or progression.

    Raises
    ------
    UnknownName
        There is no arm or statement of a name.
    InvalidArgument
        A number out of its bounds, or a statement that has no term to remove.

    Examples
    --------
    >>> nx.play("impower150", arms=["ABCP", "BCP"], ablate="C16").frame()  # doctest: +SKIP
    """
    check_numbers(seed=seed, patients=patients, tolerance=_TOLERANCE)
    times = _times(days)
    if patients > MOST_PATIENTS:
        raise InvalidArgument(f"patients {patients}: expected 1 to {MOST_PATIENTS}")
    if patient is not None and not 1 <= patient <= patients:
        raise InvalidArgument(f"patient {patient}: expected 1 to {patients}")
    protocol = trial if isinstance(trial, Trial) else read_trial(trial)
    ids = tuple(arm.id for arm in protocol.arms)
    asked = (arms,) if isinstance(arms, str) else tuple(arms)
    chosen = tuple(dict.fromkeys(one_of("arm", arm, ids) for arm in asked)) or ids
    tags = (ablate,) if isinstance(ablate, str) else tuple(ablate)
    drawn = read_causal_map()
    tags = tuple(sorted({one_of("statement", tag, drawn.stated) for tag in tags}))
    simulated, model = (
        ablation.ablate(protocol, tags) if tags else (protocol, runner.compose(protocol))
    )
    followed, nodes, arrows = causal_map.observed(drawn, model)
    names = [name for name in (*nodes, *arrows) if name]
    simulator = simulation.compile(followed, outputs=names)
    population = _population(
        simulated, model, patients, seed, tags, ensemble.read() if calibrated else None
    )
    start = simulator.start(population.parameters, population.n_patients, tolerance=_TOLERANCE)
    solved = [
        _solved(simulator, start, population, simulated, arm, times, patient) for arm in chosen
    ]
    middle, low, high = (np.stack([s[k] for s in solved]) for k in range(3))
    column = {name: k for k, name in enumerate(names)}
    return MechanismPlay(
        drawn=drawn,
        trial=protocol.id,
        arms=chosen,
        days=times,
        values=_picked(middle, nodes, column),
        low=_picked(low, nodes, column),
        high=_picked(high, nodes, column),
        effects=_picked(middle, arrows, column),
        patients=tuple(
            {name: values[row].item() for name, values in population.covariates.items()}
            for row in range(population.n_patients)
        ),
        patient=patient,
        failed=tuple(s[3] for s in solved),
        ablated=tags,
    )


@functools.cache
def _shipped(name: str) -> CausalMap:
    return causal_map.read_map(library.path("diagrams", name))


def _times(days: str | ArrayLike) -> Floats:
    times = tables.read_times(days) if isinstance(days, str) else np.asarray(days, dtype=np.float64)
    times = np.unique(np.atleast_1d(times))
    if (
        not 1 <= len(times) <= MOST_TIMES
        or not np.isfinite(times).all()
        or times[0] < 0.0
        or times[-1] > MOST_DAYS
    ):
        raise InvalidArgument(
            f"days: expected 1 to {MOST_TIMES} numbers from 0 to {MOST_DAYS:g}, such as 0:364:7"
        )
    return times


def _population(
    trial: Trial,
    model: Model,
    patients: int,
    seed: int,
    tags: tuple[str, ...],
    calibrated: ensemble.Ensemble | None,
) -> Population:
    """Patients, in equal parts from as many draws of the ensemble as a run has at least."""
    draws = min(FEWEST, patients) if calibrated else 1
    settings = parameter_sets_of(calibrated, trial, draws, seed, tags)
    parts = []
    for r in range(draws):
        count = patients // draws + (r < patients % draws)
        own = settings[r].on(trial) if settings else trial
        part = sample(own.population, model, count, seed, eligibility=own.eligibility, replicate=r)
        parts.append(settings[r].shared(model, part) if settings else part)
    return joined(parts)


def _solved(
    simulator: Simulator,
    start: State,
    population: Population,
    trial: Trial,
    arm: str,
    times: Floats,
    patient: int | None,
) -> tuple[Floats, Floats, Floats, int]:
    """Middle, low and high of every output, each of shape (n_times, n_outputs), and how many patients failed."""
    covariates = population.covariates

    def size(name: str) -> Floats | None:
        return covariates[name].astype(np.float64) if name in covariates else None

    doses = schedule(
        trial.arm(arm).regimen,
        0.0,
        float(times[-1]),
        weight=size("weight"),
        body_surface=size("body_surface"),
        gfr=size("gfr"),
        bolus_below=_BOLUS_BELOW,
    )
    result = simulator.run(start, doses, times, tolerance=_TOLERANCE)
    failed = int((result.status != 0).sum())
    if patient is not None:
        own = result.values[patient - 1]
        return own, own, own, failed
    if failed == len(result.status):
        nothing = np.full(result.values.shape[1:], np.nan)
        return nothing, nothing, nothing, failed
    well = result.values[result.status == 0]
    low, middle, high = np.percentile(well, [_LOW, 50.0, _HIGH], axis=0)
    return middle, low, high, failed


def _picked(values: Floats, names: tuple[str, ...], column: Mapping[str, int]) -> Floats:
    picked = np.full((*values.shape[:2], len(names)), np.nan)
    for k, name in enumerate(names):
        if name:
            picked[:, :, k] = values[:, :, column[name]]
    return picked
