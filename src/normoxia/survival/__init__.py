"""Time-to-event statistics: from follow-up of patients to curves, tests, hazard ratios and fitted
distributions.

Read `data` first; everything takes its `TimeToEvent`, in days. Answers with an interval are an `Inference`.

    data             TimeToEvent, and the length of a month
    ties             which times are one
    inference        Inference, normal tails
    risk             who is at risk when
    nonparametric    Kaplan-Meier with intervals, medians, landmarks; Nelson-Aalen; follow-up
    restricted_mean  area under a curve and above it, differences and ratios
    logrank          stratified and weighted tests, several groups, max-combo
    cox              proportional hazards regression; exact_ties for one way of treating ties
    proportionality  whether hazards stay proportional, whether curves cross
    replicates       the same for thousands of trials at once
    parametric       fits of the distributions in families, exponential to generalised gamma
    spline           Royston-Parmar models
"""

from normoxia.survival.cox import CoxFit, cox, hazard_ratio
from normoxia.survival.data import DAYS_PER_MONTH, TimeToEvent, pooled
from normoxia.survival.families import FAMILIES
from normoxia.survival.inference import Inference
from normoxia.survival.logrank import LogRank, log_rank, max_combo
from normoxia.survival.nonparametric import (
    CumulativeHazard,
    SurvivalCurve,
    follow_up,
    kaplan_meier,
    landmark_difference,
    nelson_aalen,
)
from normoxia.survival.parametric import Family, ParametricFit, fit_parametric
from normoxia.survival.proportionality import (
    ProportionalHazardsTest,
    curves_cross,
    proportional_hazards_test,
)
from normoxia.survival.replicates import (
    HazardRatios,
    SurvivalCurves,
    hazard_ratio_many,
    kaplan_meier_many,
    prediction_interval,
)
from normoxia.survival.restricted_mean import (
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_lost,
    restricted_mean_lost_ratio,
    restricted_mean_ratio,
)
from normoxia.survival.spline import SplineFit, fit_spline
from normoxia.survival.ties import TIE_TOLERANCE

__all__ = [
    "DAYS_PER_MONTH",
    "FAMILIES",
    "TIE_TOLERANCE",
    "CoxFit",
    "CumulativeHazard",
    "Family",
    "HazardRatios",
    "Inference",
    "LogRank",
    "ParametricFit",
    "ProportionalHazardsTest",
    "SplineFit",
    "SurvivalCurve",
    "SurvivalCurves",
    "TimeToEvent",
    "cox",
    "curves_cross",
    "fit_parametric",
    "fit_spline",
    "follow_up",
    "hazard_ratio",
    "hazard_ratio_many",
    "kaplan_meier",
    "kaplan_meier_many",
    "landmark_difference",
    "log_rank",
    "max_combo",
    "nelson_aalen",
    "pooled",
    "prediction_interval",
    "proportional_hazards_test",
    "restricted_mean",
    "restricted_mean_difference",
    "restricted_mean_lost",
    "restricted_mean_lost_ratio",
    "restricted_mean_ratio",
]
