"""Ensembles: a model compiled, virtual patients carried through doses, outputs kept.

Read in this order:

    simulator.py     compile, and the Simulator: start, run, stream, evaluate
    state.py         State, what a run starts from and leaves behind
    trajectories.py  Trajectories, what a run gives
    system.py        a model as rates, assignments, parameters
    plan.py          the break points of a patient's run; dosing.py, the doses as a run meets them
    evaluation.py    expressions as Python functions; domain.py, where a formula has no value; doubts.py, cheap tests of that
    graph.py         equations as a graph of shared nodes, and their derivatives
    backends/        reference (SciPy, slow, clear) and fast (compiled lanes)
"""

from normoxia.simulation.simulator import Simulator, compile
from normoxia.simulation.state import State
from normoxia.simulation.trajectories import Trajectories

__all__ = ["Simulator", "State", "Trajectories", "compile"]
