"""Ranks of truths among the draws fitted to what those truths would publish: simulation-based calibration of the small problem.

The procedure and its problem are those of `tests/calibration/test_simulated_truth.py`, which tries them in every slow suite;
here the p-values are kept.

    python -m benchmarks.simulated_truth > benchmarks/results/simulated_truth.md
"""

from __future__ import annotations

from tests.calibration import test_simulated_truth as procedure

REPLICATES, BINS, SEED = 240, 10, 1


def report() -> list[str]:
    """Lines of a page: the smallest p of evenness over all entries, for each way of looking."""
    found = procedure.replicates(REPLICATES, SEED)
    looked = {
        "truth among draws of the posterior": found.ranks[:, procedure.MOVING],
        "truth among draws that have not seen a study": found.left_ranks[:, procedure.MOVING],
        "what a left-out study publishes, in its predictions": found.printed,
    }
    p = {what: procedure.uniformity(places, BINS) for what, places in looked.items()}
    rows = [f"| {what} | {len(values)} | {values.min():.3f} |" for what, values in p.items()]
    scores = ", ".join(
        f"{procedure.odds_score(odds):.2f}" for odds in (found.odds, found.left_odds)
    )
    return [
        "# Calibration on simulated truth",
        "",
        f"Made by `python -m benchmarks.simulated_truth`: {REPLICATES} truths drawn from the prior of a small problem (three "
        "hyperparameters, one structure, four trials), fitted to what they would publish. Chi-squared tests that ranks are even.",
        "",
        "| ranked | entries | smallest p |",
        "|---|---|---|",
        *rows,
        f"| all, smallest p times entries | {sum(map(len, p.values()))} | "
        f"{min(1.0, min(v.min() for v in p.values()) * sum(map(len, p.values()))):.3f} |",
        "",
        f"Structures on against expected, standard deviations: {scores}. Studies left out by drawing anew: "
        f"{found.refitted.mean():.0%} of replicates.",
    ]


if __name__ == "__main__":
    print("\n".join(report()))
