"""Findings about a whole model: each mistake once, with its file, its line and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from normoxia.errors import InvalidModel
from normoxia.mechanism import check, checked, parse, parse_module

SOUND = """\
model: sound
time_unit: day
compartments:
  plasma: {size: 3, unit: L}
functions:
  up: {arguments: [u, strength], expression: (1 + strength*u)/(1 + strength)}
slots:
  blocked: {unit: 1}
parameters:
  k: {value: 2, unit: 1/day, source: assumed}
  a: {value: 1, unit: 1, source: assumed}
  CL: {value: 0.2, unit: L/day, source: assumed}
species:
  x: {initial: a, unit: 1}
  drug: {initial: 0, unit: mg/L, compartment: plasma}
assignments:
  gain: {expression: "up(x, a)*(1 - blocked)", unit: 1}
processes:
  growth: {rate: k*gain, unit: 1/day, changes: {x: 1}, statements: [C01]}
  loss: {rate: k*x, unit: 1/day, changes: {x: -1}}
  clearance: {rate: CL*drug, unit: mg/day, changes: {drug: -1}}
contributes:
  blocked: {expression: drug*plasma/drug/plasma, unit: 1}
observables:
  twice: {expression: 2*x, unit: 1}
statements:
  C01: {says: {en: more, zh: 多}, review: section 1, term: growth, strengths: [a], ablate: {a: 0}}
"""


def findings(text: str) -> list[str]:
    with pytest.raises(InvalidModel) as caught:
        parse(text, file="m.yaml")
    listed = str(caught.value).splitlines()
    assert len(listed) == 1 + len(caught.value.findings)
    return [line.strip() for line in listed[1:]]


def changed(old: str, new: str) -> str:
    assert SOUND.count(old) == 1, old
    return SOUND.replace(old, new)


def test_a_sound_model_has_no_findings() -> None:
    model = parse(SOUND)
    assert check(model) == ()
    assert checked(model) is model


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        # names
        (
            "k*gain,",
            "kk*gain,",
            'm.yaml:19: processes.growth.rate: "kk" is not defined; did you mean "k"?',
        ),
        (
            "2*x,",
            "2*plasmas/plasma,",
            'm.yaml:25: observables.twice.expression: "plasmas" is not defined; did you mean "plasma"?',
        ),
        (
            "k*gain,",
            "k*upp(gain, 1),",
            'm.yaml:19: processes.growth.rate: function "upp" is not defined; did you mean "up"?',
        ),
        (
            "k*gain,",
            "k*gain*up(x),",
            'm.yaml:19: processes.growth.rate: "up" is given 1 arguments; it takes 2: u, strength',
        ),
        (
            "2*x,",
            "2*up,",
            'm.yaml:25: observables.twice.expression: "up" is a function; call it: up(u, strength)',
        ),
        (
            "twice:",
            "lambda:",
            'm.yaml:25: observables.lambda: observable "lambda" has a name that formulas keep; choose another name',
        ),
        (
            "twice:",
            "2x:",
            'm.yaml:25: observables.2x: observable "2x" cannot be written in a formula; expected letters a to z, digits and _, and no digit at the start',
        ),
        (
            "twice:",
            "loss:",
            'm.yaml:25: observables.loss: observable "loss" has the name of a process at m.yaml:20: processes.loss; rename one of them',
        ),
        (
            "[u, strength]",
            "[a, strength]",
            'm.yaml:6: functions.up: argument "a" hides the parameter "a"; rename the argument',
        ),
        # use
        (
            "k: {value",
            "idle: {value: 1, unit: 1, source: assumed}\n  k: {value",
            'm.yaml:10: parameters.idle: parameter "idle" is used nowhere; remove it',
        ),
        (
            "assignments:",
            "assignments:\n  idle: {expression: 2*x, unit: 1}",
            'm.yaml:17: assignments.idle: assignment "idle" is used nowhere; remove it, or make it an observable',
        ),
        (
            "slots:",
            "slots:\n  idle: {unit: 1}",
            'm.yaml:8: slots.idle: slot "idle" is used nowhere; remove it',
        ),
        (
            "functions:",
            "functions:\n  idle: {arguments: [z], expression: z}",
            'm.yaml:6: functions.idle: function "idle" is used nowhere; remove it',
        ),
        (
            "species:",
            "species:\n  idle: {initial: 0, unit: 1}",
            'm.yaml:14: species.idle: species "idle" is used nowhere; remove it',
        ),
        # targets
        (
            "changes: {x: -1}",
            "changes: {X: -1}",
            'm.yaml:20: processes.loss.changes.X: "X" is no species; did you mean "x"?',
        ),
        (
            "compartment: plasma",
            "compartment: plasm",
            'm.yaml:15: species.drug.compartment: "plasm" is no compartment; did you mean "plasma"?',
        ),
        (
            "  blocked: {expression: drug*plasma/drug/plasma",
            "  bloked: {expression: drug*plasma/drug/plasma",
            'm.yaml:23: contributes.bloked: adds a term to "bloked", a slot that no module declares; did you mean "blocked"?',
        ),
        # statements
        (
            "statements: [C01]",
            "statements: [C02]",
            'm.yaml:19: processes.growth.statements: "C02" is no statement of this model; did you mean "C01"?',
        ),
        (
            "strengths: [a]",
            "strengths: [b]",
            'm.yaml:27: statements.C01.strengths: "b" is no parameter; known: CL, a, k',
        ),
        (
            "ablate: {a: 0}",
            "ablate: {gain: 0}",
            'm.yaml:27: statements.C01.ablate: "gain" is no parameter; known: CL, a, k',
        ),
        (
            "term: growth",
            "term: grow",
            'm.yaml:27: statements.C01.term: the term "grow" names nothing in the model; did you mean "growth"?',
        ),
        (
            "strengths: [a], ",
            "",
            "m.yaml:27: statements.C01: C01 names no strength; name its parameter under strengths, or say emergent: true",
        ),
        (
            "term: growth",
            "term: growth, arrow: {driver: gains, target: x, sign: 1}",
            'm.yaml:27: statements.C01.arrow.driver: "gains" is not defined; did you mean "gain"?',
        ),
        # units
        (
            "growth: {rate: k*gain",
            "growth: {rate: gain",
            "m.yaml:19: processes.growth.rate: comes out without unit; expected 1/day",
        ),
        (
            "twice: {expression: 2*x, unit: 1",
            "twice: {expression: 2*drug, unit: ng/mL",
            "m.yaml:25: observables.twice.expression: comes out in mg/L; expected ng/mL; the numbers differ by a factor of 1000",
        ),
        (
            "CL*drug, unit: mg/day, changes: {drug: -1}",
            "CL*drug/plasma, unit: mg/L/day, changes: {drug: -1}",
            'm.yaml:21: processes.clearance.changes.drug: changes "drug" by a rate in mg/L/day; expected mg/day ("drug" is a concentration in "plasma", so its amount changes; say amount: true if it is an amount)',
        ),
        (
            "initial: a,",
            "initial: k,",
            "m.yaml:14: species.x.initial: comes out in 1/day; expected no unit",
        ),
        (
            'gain: {expression: "up(x, a)',
            'gain: {expression: "up(x, a)*x**k',
            'm.yaml:17: assignments.gain.expression: the exponent "k" is in 1/day; expected no unit; divide by a reference of the same unit',
        ),
    ],
)
def test_each_mistake_has_its_finding(old: str, new: str, finding: str) -> None:
    assert finding in findings(changed(old, new))


def test_a_wrong_scale_is_found_in_the_rate_and_in_what_it_changes() -> None:
    assert findings(changed("CL*drug, unit: mg/day", "CL*drug, unit: ng/day")) == [
        "m.yaml:21: processes.clearance.rate: comes out in mg/day; expected ng/day; "
        "the numbers differ by a factor of 1e+06",
        'm.yaml:21: processes.clearance.changes.drug: changes "drug" by a rate in ng/day; expected mg/day; '
        'the numbers differ by a factor of 1e-06 ("drug" is a concentration in "plasma", so its amount changes)',
    ]


def test_one_mistake_is_one_finding() -> None:
    """A term out of balance deep in an assignment does not make everything that reads it suspect."""
    text = changed("(1 - blocked)", "(1 - blocked + drug)")
    assert findings(text) == [
        'm.yaml:17: assignments.gain.expression: "1 - blocked" is without unit but "drug" in mg/L (+); expected no unit'
    ]


def test_all_mistakes_are_told_together_in_the_order_of_the_text() -> None:
    text = changed("k: {value: 2, unit: 1/day", "k: {value: two, unit: 1/dya").replace("k*x", "k*y")
    lines = [int(finding.split(":")[1]) for finding in findings(text)]
    assert lines == sorted(lines)
    assert [f.split(": ", 2)[1] for f in findings(text)] == [
        "parameters.k.value",
        "parameters.k.unit",
        "processes.loss.rate",
    ]


CIRCULAR = """\
model: m
functions:
  f: {arguments: [u], expression: g(u)}
  g: {arguments: [v], expression: 1 + f(v)}
assignments:
  a: {expression: b + 1, unit: 1}
  b: {expression: 2*c, unit: 1}
  c: {expression: a/2, unit: 1}
  alone: {expression: alone, unit: 1}
species:
  s: {initial: t, unit: 1}
  t: {initial: s, unit: 1}
observables:
  o: {expression: a + alone + s + t + FUNCTION, unit: 1}
"""


def test_circles_are_told_once_from_their_first_name() -> None:
    model = parse_module(
        CIRCULAR.replace("FUNCTION", "1").replace("g(u)", "u").replace("f(v)", "v"), file="m.yaml"
    )
    circles = [str(f) for f in check(model) if "circle" in str(f)]
    assert circles == [
        "m.yaml:6: assignments.a: assignments read one another in a circle: a -> b -> c -> a; "
        "break it, or make one of them a species with a rule",
        "m.yaml:9: assignments.alone: assignments read one another in a circle: alone -> alone; "
        "break it, or make one of them a species with a rule",
        "m.yaml:11: species.s.initial: initial values read one another in a circle: s -> t -> s; break it",
    ]


def test_functions_that_call_one_another_do_not_hang_the_checks() -> None:
    model = parse_module(CIRCULAR.replace("FUNCTION", "f(1)"), file="m.yaml")
    assert (
        "m.yaml:3: functions.f: functions call one another in a circle: f -> g -> f; break it"
        in map(str, check(model))
    )


def test_a_circle_through_a_slot_or_a_function_is_found() -> None:
    text = """\
model: m
functions:
  f: {arguments: [u], expression: u + sum_of_drugs}
slots:
  sum_of_drugs: {unit: 1}
assignments:
  a: {expression: f(1), unit: 1}
contributes:
  sum_of_drugs: {expression: a/2, unit: 1}
observables:
  o: {expression: a, unit: 1}
"""
    assert any("sum_of_drugs -> a -> sum_of_drugs" in finding for finding in findings(text))


SETTLING = """\
model: m
parameters:
  net: {value: 0.01, unit: 1/day, source: assumed}
  k: {value: 1, unit: 1/day, source: assumed}
species:
  V: {initial: 1, unit: mL}
  B: {initial: 1, unit: 1}
assignments:
  dilution: {expression: gross, unit: 1/day}
processes:
  growth: {rate: gross*V, unit: mL/day, changes: {V: 1}}
  thinning: {rate: (k + dilution)*B, unit: 1/day, changes: {B: -1}}
equilibration:
  duration: 100
  hold: [V]
  during: {dilution: net}
  derived:
    gross: {expression: net + k*(1 - B), unit: 1/day}
  initial: {V: 2*V}
"""


def test_an_equilibration_may_derive_what_the_experiment_reads() -> None:
    assert check(parse(SETTLING)) == ()


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (
            "  hold: [V]\n",
            "",
            'm.yaml:11: processes.growth: "V" settles by this process, which reads "gross" (gross), known only afterwards; hold "V", or replace an assignment on the way under during',
        ),
        (
            "  during: {dilution: net}\n",
            "",
            'm.yaml:12: processes.thinning: "B" settles by this process, which reads "gross" (dilution -> gross), known only afterwards; hold "B", or replace an assignment on the way under during',
        ),
        (
            "net + k*(1 - B)",
            "net + k*(1 - B) + 0*gross",
            'm.yaml:18: equilibration.derived.gross: reads "gross" (gross -> gross), which is derived later or is itself; put it after what it reads',
        ),
        (
            "{initial: 1, unit: 1}",
            "{initial: gross/k, unit: 1}",
            'm.yaml:7: species.B.initial: reads "gross", known only after settling; set it under equilibration.initial',
        ),
        (
            "  duration: 100\n",
            "",
            "m.yaml:13: equilibration: the equilibration has no duration; add duration, in day",
        ),
        (
            "hold: [V]",
            "hold: [V, W]",
            'm.yaml:13: equilibration.hold: "W" is no species; known: B, V',
        ),
        (
            "{dilution: net}",
            "{dilution: net, B: 1}",
            'm.yaml:13: equilibration.during.B: "B" is no assignment or parameter; known: dilution, k, net',
        ),
        (
            "{dilution: net}",
            "{dilution: B}",
            "m.yaml:13: equilibration.during.dilution: comes out without unit; expected 1/day",
        ),
        (
            "{V: 2*V}",
            "{V: 2*B}",
            "m.yaml:13: equilibration.initial.V: comes out without unit; expected mL",
        ),
        (
            "{V: 2*V}",
            "{gross: 1}",
            'm.yaml:13: equilibration.initial.gross: "gross" is no species; known: B, V',
        ),
    ],
)
def test_what_settles_reads_nothing_derived(old: str, new: str, finding: str) -> None:
    assert SETTLING.count(old) == 1
    assert finding in findings(SETTLING.replace(old, new))


OTHERS = """\
model: m
compartments:
  blood: {size: 5000, unit: mL}
  tumour: {size: tumour_size, unit: mL}
parameters:
  tumour_size: {value: 0.01, unit: mL, source: assumed}
  flow: {value: 10, unit: mL/day, source: assumed}
  kon: {value: 1.2, unit: 1/(nM*day), source: assumed}
  koff: {value: 0.4, unit: 1/day, source: assumed}
  limit: {value: 3, unit: nM, source: assumed}
  b: {value: 2, unit: nM**2, source: assumed}
species:
  A: {initial: 0, unit: nM, compartment: blood}
  At: {initial: 0, unit: nM, compartment: tumour}
  R: {initial: 4, unit: nM, compartment: tumour}
  AR: {initial: 0, unit: nM, compartment: tumour}
  z: {initial: 1, unit: nM}
processes:
  transport: {rate: flow*(A - At), unit: nM*mL/day, changes: {A: -1, At: 1}}
  binding: {rate: (kon*At*R - koff*AR)*tumour, unit: nM*mL/day, changes: {At: -1, R: -1, AR: 1}}
rules:
  z: {expression: z**2 + z*limit - b, unit: nM**2}
events:
  refill: {times: [10, 20], changes: {A: A + limit}}
  empty: {condition: At > limit and time > 0, changes: {At: 0}}
observables:
  occupancy: {expression: AR/(R + AR), unit: 1}
  bound: {expression: z, unit: nM}
"""


def test_models_of_other_people_can_be_held() -> None:
    """Several compartments, mass action in nM and nM/day, events at times and on conditions, an algebraic rule."""
    assert check(parse(OTHERS)) == ()


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (
            "unit: 1/(nM*day)",
            "unit: 1/(M*day)",
            'm.yaml:20: processes.binding.rate: "kon*At*R" is in nM**2/M/day but "koff*AR" in nM/day (-); expected nM**2/M/day; the numbers differ by a factor of 1e+09',
        ),
        ("AR: 1}", "AR: 1, A: 1}", None),
        (
            "unit: nM*mL/day, changes: {A: -1, At: 1}",
            "unit: nM*L/day, changes: {A: -1, At: 1}",
            "m.yaml:19: processes.transport.rate: comes out in mL*nM/day; expected nM*L/day; the numbers differ by a factor of 0.001",
        ),
        (
            "z**2 + z*limit - b",
            "z**2 + z - b",
            'm.yaml:22: rules.z.expression: "z**2" is in nM**2 but "z" in nM (+); expected nM**2',
        ),
        (
            "A + limit",
            "A + b",
            'm.yaml:24: events.refill.changes.A: "A" is in nM but "b" in nM**2 (+); expected nM',
        ),
        ("A + limit", "b", "m.yaml:24: events.refill.changes.A: comes out in nM**2; expected nM"),
        (
            "At > limit",
            "At > flow",
            'm.yaml:25: events.empty.condition: "At" is in nM but "flow" in mL/day (greater); expected nM',
        ),
        (
            "time > 0",
            "time > limit",
            'm.yaml:25: events.empty.condition: "time" is in day but "limit" in nM (greater); expected day',
        ),
        (
            "At > limit",
            "At == limit",
            "m.yaml:25: events.empty.condition: waits for an equality, through which a value passes unseen; write < or >",
        ),
        (
            "size: tumour_size",
            "size: tumour_size*(1 + A/limit)",
            'm.yaml:4: compartments.tumour.size: the size depends on "A"; a compartment keeps its size',
        ),
        (
            "size: tumour_size",
            "size: limit",
            "m.yaml:4: compartments.tumour.size: comes out in nM; expected mL",
        ),
        (
            "AR: 1}}\n",
            "AR: 1, z: 1}}\n",
            'm.yaml:22: rules.z: "z" is also changed by processes; keep the rule or the processes',
        ),
        (
            "  z: {expression",
            "  y: {expression",
            'm.yaml:22: rules.y: "y" is no species; known: A, AR, At, R, z',
        ),
    ],
)
def test_mistakes_in_them_are_found(old: str, new: str, finding: str | None) -> None:
    assert OTHERS.count(old) == 1
    text = OTHERS.replace(old, new)
    if finding is None:
        assert check(parse(text)) == ()  # amounts move between compartments whatever their sizes
    else:
        assert finding in findings(text)


def test_switches_turn_parameters_that_exist() -> None:
    switched = SOUND + "switches:\n  s: {on: true, off: {kk: 0}}\n  t: {on: true, off: {}}\n"
    assert findings(switched) == [
        'm.yaml:29: switches.s.off.kk: "kk" is no parameter; did you mean "k"?',
        'm.yaml:30: switches.t: switch "t" turns nothing off; name parameters and values under off',
    ]


def test_a_parameter_made_without_source_is_found() -> None:
    model = parse(SOUND)
    bare = replace(model, parameters=tuple(replace(p, source=None) for p in model.parameters))
    assert [f.found for f in check(bare)] == [
        f'parameter "{name}" has no source' for name in ("k", "a", "CL")
    ]
