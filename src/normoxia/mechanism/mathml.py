"""Expressions as libSBML trees. Conditions are numbers for us and truth values there; the two are kept apart."""

from __future__ import annotations

from typing import Any

from normoxia.mechanism.balance import literal
from normoxia.mechanism.expression import CONDITIONS, TIME, Call, Expression, Number, Symbol


class Mathematics:
    """Makes libSBML trees of expressions whose declared functions have been inlined.

    literals  identifier of the unit that literals have; "" leaves them without, and 0 never is "dimensionless"
              because in our formulas it fits any unit
    """

    def __init__(self, libsbml: Any, literals: str = "dimensionless") -> None:
        self._sbml, self._literals = libsbml, literals
        self._operators: dict[str, int] = {
            "add": libsbml.AST_PLUS,
            "subtract": libsbml.AST_MINUS,
            "multiply": libsbml.AST_TIMES,
            "divide": libsbml.AST_DIVIDE,
            "negate": libsbml.AST_MINUS,
            "exp": libsbml.AST_FUNCTION_EXP,
            "log": libsbml.AST_FUNCTION_LN,
            "abs": libsbml.AST_FUNCTION_ABS,
            "tanh": libsbml.AST_FUNCTION_TANH,
            "floor": libsbml.AST_FUNCTION_FLOOR,
        }
        self._relations: dict[str, int] = {
            "less": libsbml.AST_RELATIONAL_LT,
            "less_equal": libsbml.AST_RELATIONAL_LEQ,
            "greater": libsbml.AST_RELATIONAL_GT,
            "greater_equal": libsbml.AST_RELATIONAL_GEQ,
            "equal": libsbml.AST_RELATIONAL_EQ,
        }
        self._logic: dict[str, int] = {
            "and": libsbml.AST_LOGICAL_AND,
            "or": libsbml.AST_LOGICAL_OR,
            "not": libsbml.AST_LOGICAL_NOT,
        }

    def number(self, expression: Expression) -> Any:
        """The tree of an expression that stands for a number; a condition becomes 1 or 0."""
        match expression:
            case Number(value=value):
                fits_any = value == 0 and self._literals == "dimensionless"
                return self._real(value, "" if fits_any else self._literals)
            case Symbol(name=name):
                node = self._sbml.ASTNode(
                    self._sbml.AST_NAME_TIME if name == TIME else self._sbml.AST_NAME
                )
                node.setName(name)
                return node
            case Call(function=function) if function in CONDITIONS:
                return self._choice(expression, Number(1.0), Number(0.0))
            case Call(function="where", arguments=(condition, yes, no)):
                return self._choice(condition, yes, no)
            case Call(function="min" | "max" as function, arguments=arguments):
                return self._extreme("less" if function == "min" else "greater", arguments)
            case Call(function="clip", arguments=(x, low, high)):
                return self._extreme("less", (Call("max", (x, low)), high))
            case Call(function="sqrt", arguments=(x,)):
                return self._node(
                    self._sbml.AST_FUNCTION_ROOT, self._real(2.0, "dimensionless"), self.number(x)
                )
            case Call(function="power", arguments=(base, exponent)):
                fixed = literal(exponent)  # written as one number, its unit can be checked there
                power = self.number(exponent if fixed is None else Number(fixed))
                return self._node(self._sbml.AST_FUNCTION_POWER, self.number(base), power)
            case Call(function="log10", arguments=(x,)):
                return self._node(
                    self._sbml.AST_FUNCTION_LOG, self._real(10.0, "dimensionless"), self.number(x)
                )
            case Call(function=function, arguments=arguments):
                return self._node(self._operators[function], *(self.number(a) for a in arguments))
        raise TypeError(expression)

    def in_units(self, literals: str) -> Mathematics:
        """The same, with literals in another unit."""
        return Mathematics(self._sbml, literals)

    def truth(self, expression: Expression) -> Any:
        """The tree of an expression that stands for a truth value; a number is true unless it is 0."""
        match expression:
            case Call(function=function, arguments=arguments) if function in self._logic:
                return self._node(self._logic[function], *(self.truth(a) for a in arguments))
            case Call(function=function, arguments=arguments) if function in self._relations:
                return self._node(self._relations[function], *(self.number(a) for a in arguments))
        return self._node(self._sbml.AST_RELATIONAL_NEQ, self.number(expression), self._real(0.0))

    def _choice(self, condition: Expression, yes: Expression, no: Expression) -> Any:
        parts = self.number(yes), self.truth(condition), self.number(no)
        return self._node(self._sbml.AST_FUNCTION_PIECEWISE, *parts)

    def _extreme(self, relation: str, arguments: tuple[Expression, ...]) -> Any:
        first, *others = arguments
        chosen: Expression = first
        for other in others:
            chosen = Call("where", (Call(relation, (chosen, other)), chosen, other))
        return self.number(chosen)

    def _real(self, value: float, units: str = "") -> Any:
        node = self._sbml.ASTNode(self._sbml.AST_REAL)
        node.setValue(float(value))
        if units:
            node.setUnits(units)
        return node

    def _node(self, kind: int, *children: Any) -> Any:
        node = self._sbml.ASTNode(kind)
        for child in children:
            node.addChild(child)
        return node
