"""A drug as a module of a model: its kinetics, and what it adds to the slots the biology declares.

Kinetics stay linear with constant coefficients wherever the drug's are, so that an engine can solve them in closed
form; saturable elimination and clearance that changes with time are ordinary rates. Amounts are mg, concentrations
mg/L and nM. `time` is taken as time since the first dose: therapy begins at 0, and what stands before that is
equilibration. A drug first given later in a sequence has then already reached its late clearance, which is an approximation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from normoxia.mechanism.expression import ZERO, Call, Expression, Number, Symbol, parse, symbols
from normoxia.mechanism.model import (
    Assignment,
    Contribution,
    Distribution,
    Model,
    Parameter,
    Process,
    Species,
    Switch,
)
from normoxia.outcome import Source
from normoxia.pharmacology import covariates
from normoxia.pharmacology.drug import PARAMETERS, Drug, DrugEffect, KineticParameter, Quantity

_CALVERT = Source(
    "Calvert 1989, J Clin Oncol 7:1748, doi:10.1200/JCO.1989.7.11.1748", verified=False
)


def modules(drugs: Iterable[Drug]) -> tuple[Model, ...]:
    """The patient module with every covariate that some drug reads, then one module a drug; nothing stands twice."""
    chosen = {drug.name: drug for drug in drugs}
    names: set[str] = set()
    plain: set[str] = set()
    for drug in chosen.values():
        plain |= covariates_of(drug)
        names |= covariates_of(drug) | _sizes(drug)
    made = tuple(module(drug) for drug in chosen.values())
    return ((covariates.patient(names, plain), *made)) if names else made


def covariates_of(drug: Drug) -> frozenset[str]:
    """Covariates that the drug's kinetics read (chemotherapy enters the model as effect alone, so it reads none here)."""
    if drug.kind == "chemotherapy":
        return frozenset()
    return frozenset().union(
        *(symbols(p.covariates) for p in drug.parameters if p.covariates is not None)
    )


def _sizes(drug: Drug) -> frozenset[str]:
    effect = drug.effect("chemo_effect")
    if effect is None or effect.reference_dose is None:
        return frozenset()
    return frozenset({"gfr"} if effect.reference_dose.unit == "mg*min/mL" else {"body_surface"})


def module(drug: Drug) -> Model:
    """A drug as a model: species `<drug>_central` and so on, parameters `<drug>_clearance` and so on, terms of slots.

    Compose it with `covariates.patient` (or use `modules`), and with a biology that declares the slots.
    """
    builder = _Builder(drug)
    if drug.kind == "chemotherapy":
        builder.chemotherapy()
    else:
        builder.kinetics()
        builder.effects()
    return builder.model()


class _Builder:
    """Collects the parts of one drug's module."""

    def __init__(self, drug: Drug) -> None:
        self.drug = drug
        self.species: list[Species] = []
        self.parameters: list[Parameter] = []
        self.assignments: list[Assignment] = []
        self.processes: list[Process] = []
        self.contributions: list[Contribution] = []
        self.switches: list[Switch] = []

    def model(self) -> Model:
        return Model(
            self.drug.name,
            f"{self.drug.names.get('en', self.drug.name)}, {self.drug.drug_class}",
            species=tuple(self.species),
            parameters=tuple(self.parameters),
            assignments=tuple(self.assignments),
            processes=tuple(self.processes),
            contributions=tuple(self.contributions),
            switches=tuple(self.switches),
            place=self.drug.place,
        )

    def name(self, part: str) -> str:
        return f"{self.drug.name}_{part}"

    def text(self, expression: str) -> Expression:
        """An expression in which `@clearance` stands for the drug's clearance."""
        return parse(expression.replace("@", f"{self.drug.name}_"))

    def parameter(
        self, part: str, quantity: Quantity, title: str, kind: str = "", spread: float = -1.0
    ) -> Symbol:
        """Declare a parameter; it is sampled when it varies between patients."""
        distribution = None
        if not math.isnan(quantity.deviation):
            distribution = Distribution("normal", quantity.deviation)
        elif (width := quantity.spread if spread < 0 else spread) > 0:
            distribution = Distribution("lognormal", width)
        self.parameters.append(
            Parameter(
                self.name(part),
                quantity.value,
                quantity.unit,
                kind or ("sampled" if distribution else "fixed"),
                distribution,
                quantity.low,
                quantity.high,
                quantity.source,
                title,
                self.drug.place,
            )
        )
        return Symbol(self.name(part))

    def assign(self, part: str, expression: Expression | str, unit: str, title: str = "") -> Symbol:
        """Declare an assignment and give its symbol."""
        tree = self.text(expression) if isinstance(expression, str) else expression
        self.assignments.append(Assignment(self.name(part), tree, unit, title, self.drug.place))
        return Symbol(self.name(part))

    def process(self, part: str, rate: str, changes: dict[str, str], title: str) -> None:
        self.processes.append(
            Process(
                self.name(part),
                self.text(rate),
                "mg/day",
                {self.name(species): self.text(change) for species, change in changes.items()},
                title=title,
                place=self.drug.place,
            )
        )

    def state(self, part: str, title: str) -> None:
        scale = max(1.0, _typical_dose(self.drug) / 10.0)
        self.species.append(
            Species(self.name(part), ZERO, "mg", scale=scale, title=title, place=self.drug.place)
        )

    # kinetics

    def kinetics(self) -> None:
        """Compartments, exchange, absorption and elimination; every parameter as the patient has it."""
        drug = self.drug
        has = {p.name for p in drug.parameters}
        individual = {
            p.name: self.individual(p).name.removeprefix(f"{drug.name}_") for p in drug.parameters
        }
        clearance = individual["clearance"]
        if drug.clearance_over_time is not None:
            clearance = self.over_time(clearance)

        if drug.is_absorbed:
            self.state("depot", "amount waiting to be absorbed")
        self.state("central", "amount in the central compartment")
        central = individual["central_volume"]
        if drug.is_absorbed:
            fraction = f"@{individual['bioavailability']}" if "bioavailability" in has else "1"
            self.process(
                "absorption",
                f"@{individual['absorption_rate']}*@depot",
                {"depot": "-1", "central": fraction},
                "first-order absorption",
            )
        self.process(
            "elimination",
            f"@{clearance}*@central/@{central}",
            {"central": "-1"},
            "linear elimination",
        )
        if "maximum_elimination" in has:
            self.process(
                "saturable_elimination",
                f"@{individual['maximum_elimination']}*@concentration/(@{individual['half_saturation']} + @concentration)",
                {"central": "-1"},
                "Michaelis-Menten elimination",
            )
        for part, flow, volume in (
            ("peripheral", "intercompartmental_clearance", "peripheral_volume"),
            ("deep", "deep_clearance", "deep_volume"),
        ):
            if volume in has:
                self.state(part, f"amount in the {part} compartment")
                q, v = individual[flow], individual[volume]
                self.process(
                    f"{part}_exchange",
                    f"@{q}*(@central/@{central} - @{part}/@{v})",
                    {"central": "-1", part: "1"},
                    f"exchange with the {part} compartment",
                )
        self.assign("concentration", f"@central/@{central}", "mg/L", "plasma concentration")
        self.parameter("molecular_weight", drug.molecular_weight, "molecular weight")
        self.assign(
            "concentration_molar", "@concentration/@molecular_weight", "nM", "plasma concentration"
        )

    def individual(self, p: KineticParameter) -> Symbol:
        """The patient's value: the sampled one, times covariates, times the share of another parameter's deviation."""
        title = p.name.replace("_", " ")
        own_spread, slope = deviation(self.drug, p)
        symbol = self.parameter(p.name, p.quantity, title, spread=own_spread)
        factors: list[Expression] = [symbol]
        if slope != 0.0:
            leader = self.drug.parameter(p.follows)
            assert leader is not None
            typical = f"{p.follows}_typical"
            if not any(q.name == self.name(typical) for q in self.parameters):
                bare = Quantity(
                    value=leader.quantity.value,
                    unit=leader.quantity.unit,
                    source=leader.quantity.source,
                )
                self.parameter(
                    typical, bare, f"{p.follows.replace('_', ' ')} of the typical patient"
                )
            ratio = Call("divide", (Symbol(self.name(p.follows)), Symbol(self.name(typical))))
            factors.append(ratio if slope == 1.0 else Call("power", (ratio, Number(slope))))
        if p.covariates is not None:
            factors.append(covariates.in_units(p.covariates))
        if len(factors) == 1:
            return symbol
        return self.assign(
            f"patient_{p.name}", _product(factors), PARAMETERS[p.name], f"{title} of the patient"
        )

    def over_time(self, clearance: str) -> str:
        """The clearance with its change over time since the first dose."""
        change = self.drug.clearance_over_time
        assert change is not None
        self.parameter("clearance_change", change.maximum, "log of late over first clearance")
        self.parameter(
            "clearance_half_time", change.half_time, "time of half the change of clearance"
        )
        self.parameter(
            "clearance_steepness", change.steepness, "steepness of the change of clearance"
        )
        self.assign(
            "clearance_course",
            "(max(time, 0)/@clearance_half_time)**@clearance_steepness",
            "1",
            "time course of clearance",
        )
        self.assign(
            "clearance_now",
            f"@{clearance}*exp(@clearance_change*@clearance_course/(1 + @clearance_course))",
            "L/day",
            "clearance at this time of therapy",
        )
        return "clearance_now"

    # effects

    def effects(self) -> None:
        """Exposure at the target over affinity, for every slot the drug adds to."""
        factors: list[Expression] = [Symbol(self.name("concentration_molar"))]
        if self.drug.penetration is not None:
            factors.append(
                self.parameter(
                    "penetration", self.drug.penetration, "tumour over plasma concentration"
                )
            )
        if self.drug.free_fraction is not None:
            factors.append(
                self.parameter(
                    "free_fraction", self.drug.free_fraction, "unbound fraction in plasma"
                )
            )
        self.assign(
            "target_concentration",
            _product(factors),
            "nM",
            "concentration at the target in the tumour",
        )
        for effect in sorted(self.drug.effects, key=lambda e: bool(e.of)):
            self.contribute(effect.slot, self.derived(effect) if effect.of else self.ratio(effect))

    def ratio(self, effect: DrugEffect) -> Expression:
        """Concentration over affinity, with the effective-potency scale and cooperativity where they are given."""
        assert effect.affinity is not None
        arm = effect.slot.removesuffix("_ratio")
        tree: Expression = Call(
            "divide",
            (
                Symbol(self.name("target_concentration")),
                self.parameter(
                    f"{arm}_affinity", effect.affinity, f"concentration of half effect on {arm}"
                ),
            ),
        )
        if effect.potency is not None:
            scale = self.parameter(
                f"{arm}_potency",
                effect.potency,
                "potency in the tumour over that in the test tube",
                "calibrated",
            )
            tree = Call("multiply", (scale, tree))
        if effect.cooperativity is not None:
            fold = self.parameter(
                f"{arm}_cooperativity", effect.cooperativity, "gain of affinity by the other arm"
            )
            self.switch(fold.name, 1.0)
            tree = Call("multiply", (fold, tree))
        return tree

    def derived(self, effect: DrugEffect) -> Expression:
        """Off-target exposure, or the cooperative reach that grows with occupancy of the other arm."""
        base = Symbol(self.name(effect.of))
        if effect.selectivity is not None:
            selectivity = self.parameter(
                "selectivity",
                effect.selectivity,
                "off-target over target concentration of half effect",
            )
            return Call("divide", (base, selectivity))
        assert effect.strength is not None
        strength = self.parameter(
            "cooperative_strength",
            effect.strength,
            "reach gained by cooperative binding",
            "calibrated",
        )
        self.switch(strength.name, 0.0)
        one_more = Call("add", (Number(1.0), base))
        return Call("multiply", (strength, Call("divide", (base, one_more))))

    def switch(self, parameter: str, off: float) -> None:
        """Let one switch of the drug turn all cooperative binding off."""
        name = self.name("cooperative")
        already = next((s for s in self.switches if s.name == name), None)
        values = {**(already.off_values if already else {}), parameter: off}
        self.switches = [
            Switch(name, True, values, "the two arms help each other bind", self.drug.place)
        ]

    def contribute(self, slot: str, tree: Expression) -> None:
        symbol = self.assign(slot, tree, "1", f"what {self.drug.name} adds to {slot}")
        self.contributions.append(Contribution(slot, symbol, "1", self.drug.place))

    def chemotherapy(self) -> None:
        """An effect compartment the dose enters whole, over the patient's reference dose; it decays at rate `loss`."""
        effect = self.drug.effect("chemo_effect")
        assert effect is not None
        assert effect.strength is not None
        assert effect.reference_dose is not None
        assert effect.loss is not None
        self.state("effect", "dose still at work")
        self.parameter("effect_loss", effect.loss, "loss of effect", "calibrated")
        self.parameter(
            "strength",
            effect.strength,
            "effect of the reference dose, 1 = a platinum doublet",
            "calibrated",
        )
        self.parameter(
            "reference_dose", effect.reference_dose, "dose of a cycle that has that effect"
        )
        self.process("loss", "@effect_loss*@effect", {"effect": "-1"}, "loss of effect")
        if effect.reference_dose.unit == "mg*min/mL":
            nonrenal = Quantity(value=25.0, unit="mL/min", source=_CALVERT)
            self.parameter(
                "nonrenal_clearance", nonrenal, "carboplatin clearance beside filtration"
            )
            size = "(gfr + @nonrenal_clearance)"
        else:
            size = "body_surface"
        self.contribute("chemo_effect", self.text(f"@strength*@effect/(@reference_dose*{size})"))


def deviation(drug: Drug, p: KineticParameter) -> tuple[float, float]:
    """A parameter's own deviation given the one it follows, and the power of that one's ratio: bivariate log-normal."""
    leader = drug.parameter(p.follows) if p.follows else None
    if leader is None or leader.quantity.spread == 0.0:
        return p.quantity.spread, 0.0
    spread, lead = p.quantity.spread, leader.quantity.spread
    if math.isnan(p.quantity.variation) or (p.correlation == 1.0 and math.isclose(spread, lead)):
        return 0.0, 1.0
    return spread * math.sqrt(1.0 - p.correlation**2), p.correlation * spread / lead


def _product(factors: list[Expression]) -> Expression:
    tree = factors[0]
    for factor in factors[1:]:
        tree = Call("multiply", (tree, factor))
    return tree


def _typical_dose(drug: Drug) -> float:
    from normoxia.pharmacology.course_text import label_milligrams

    return max(label_milligrams(drug), default=100.0)
