"""ArviZ's psislw and its fit of a generalised Pareto tail, on log ratios that anybody can make again.

python -m venv v && v/bin/pip install arviz==0.23.4 && v/bin/python pareto_smoothing.py > pareto_smoothing.json
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import arviz  # noqa: E402
import numpy as np  # noqa: E402
from arviz.stats.stats import _gpdfit  # noqa: E402
from scipy.special import ndtri  # noqa: E402

MADE = {
    "normal": (1000, lambda u: 0.8 * ndtri(u)),
    "exponential, rate 2": (1000, lambda u: -np.log1p(-u) / 2.0),
    "exponential, rate 1": (400, lambda u: -np.log1p(-u)),
    "bounded": (2000, lambda u: u),
    "normal, few": (60, lambda u: 1.5 * ndtri(u)),
    "each drawn thrice": (900, lambda u: -np.log1p(-(np.floor(u * 300) + 0.5) / 300.0) / 2.5),
    "each drawn seven times": (900, lambda u: -np.log1p(-(np.floor(u * 127) + 0.5) / 127.0) / 2.5),
}


def ratios(name):
    n, make = MADE[name]
    return make((np.arange(n) * 0.6180339887498949 + 0.5 / n) % 1.0)


def case(name):
    log_weights, k = arviz.psislw(ratios(name))
    log_weights = np.asarray(log_weights)
    return {
        "name": name,
        "k": float(k),
        "effective": float(1.0 / np.sum(np.exp(2.0 * log_weights))),
        "first": log_weights[:5].tolist(),
        "largest": np.sort(log_weights)[-5:].tolist(),
    }


def tail(shape, scale=1.7, n=80):
    probability = (np.arange(n) + 0.5) / n
    k, sigma = _gpdfit(scale * np.expm1(-shape * np.log1p(-probability)) / shape)
    return {"shape": shape, "scale": scale, "n": n, "k": float(k), "sigma": float(sigma)}


if __name__ == "__main__":
    found = {
        "program": f"arviz {arviz.__version__}, numpy {np.__version__}",
        "date": "2026-11-22",
        "cases": [case(name) for name in MADE],
        "tails": [tail(shape) for shape in (0.7, 0.3, -0.2)],
    }
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
