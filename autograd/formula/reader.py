"""The tree of a formula, computed by the operations of this library and nothing else."""

import ast
import math
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from autograd.formula.syntax import Source
from autograd.ops import TABLE
from autograd.value import Value

OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}
CONSTANTS = {"pi": math.pi}
SPELLINGS = {"e": "; e ** x is written exp(x), and e alone exp(1)", "π": "; it is written pi"}
"""How to write numbers that have a name elsewhere; here such a name can be given any number."""
KINDS: Mapping[type[ast.AST], str] = {
    ast.Attribute: "an attribute",
    ast.Subscript: "an index",
    ast.Starred: "a star",
    ast.Compare: "a chain of comparisons",
}
"""The words for what is refused."""
LONGEST_GUESSED = 40
NUMBER, SEQUENCE, CONDITION = "number", "sequence", "condition"
"""The kinds of places in a formula."""
COMPARISONS: Mapping[type[ast.AST], str] = {ast.Gt: ">", ast.Lt: "<", ast.GtE: ">=", ast.LtE: "<="}


class Reader:
    """Computes a formula from the Values that its names stand for.

    Attributes:
        used: the names that were met.
    """

    def __init__(self, source: Source, leaves: Mapping[str, Value]) -> None:
        self._source = source
        self._leaves = leaves
        self.used: set[str] = set()
        public = [op for op in TABLE.values() if op.public]
        self._functions = {name: op for op in public for name in (*op.aliases, op.name)}
        self._operators = {(op.operator, op.arity): op for op in TABLE.values() if op.operator}

    def computed(self) -> Any:
        """The result, computed with a stack of the parts still to be done."""
        done: list[Any] = []
        waiting: list[tuple[ast.expr, str, int]] = [(self._source.parsed(), NUMBER, -1)]
        while waiting:
            node, role, count = waiting.pop()
            if count < 0:
                children = self._children(node, role)
                waiting.append((node, role, len(children)))
                waiting += [(child, its_role, -1) for child, its_role in reversed(children)]
            else:
                operands = done[len(done) - count :]
                del done[len(done) - count :]
                done.append(self._result(node, operands))
        return done[0]

    def _children(self, node: ast.expr, role: str) -> Sequence[tuple[ast.expr, str]]:
        """The parts that a part of the formula is computed from, if it is allowed in its place."""
        if role == SEQUENCE:
            if isinstance(node, (ast.List, ast.Tuple)):
                return [(x, NUMBER) for x in node.elts]
            raise self._source.wrong(
                "a list is needed here, such as [a, b]", self._source.column(node)
            )
        match node:
            case ast.Constant() | ast.Name():
                return []
            case ast.BinOp(left, operator, right) if type(operator) in OPERATORS:
                return [(left, NUMBER), (right, NUMBER)]
            case ast.UnaryOp(ast.USub() | ast.UAdd(), operand):
                return [(operand, NUMBER)]
            case ast.Call():
                return self._arguments(node)
            case ast.Compare(left, [operator], [right]) if type(operator) in COMPARISONS:
                if role == CONDITION:
                    return [(left, NUMBER), (right, NUMBER)]
                raise self._source.wrong(
                    "a comparison can only be the condition of where", self._source.column(node)
                )
            case ast.List() | ast.Tuple():
                raise self._source.wrong(
                    "a list can only be given to a reduction, such as sum",
                    self._source.column(node),
                )
        raise self._refused(node)

    def _arguments(self, node: ast.Call) -> Sequence[tuple[ast.expr, str]]:
        """The arguments of a call, if an operation is called."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        column = self._source.column(node.func)
        if not name and isinstance(node.func, ast.Attribute):
            raise self._refused(node.func)
        if not name or (name in self._leaves and name not in self._functions):
            what = f"{name} is a number" if name else "this is not an operation"
            raise self._source.wrong(
                f"{what}, which cannot be called; a product is written with *", column
            )
        op = self._functions.get(name)
        if op is None:
            raise self._source.wrong(
                f"there is no operation {name!r}{meant(name, self._functions)}", column
            )
        if node.keywords:
            raise self._source.wrong(
                "arguments are given without names", self._source.column(node.keywords[0])
            )
        if op.gather is None or (op.spread and len(node.args) > 1):  # max(a, b)
            roles = [CONDITION if op.condition else NUMBER] + [NUMBER] * len(node.args)
        elif len(node.args) == op.sequences:
            roles = [SEQUENCE] * op.sequences
        else:
            called = ", ".join(["[a, b, …]"] * op.sequences)
            raise self._source.wrong(f"{name} is called as {name}({called})", column)
        return list(zip(node.args, roles, strict=False))

    def _result(self, node: ast.expr, operands: list[Any]) -> Any:
        """The value of a part of the formula whose own parts have been computed."""
        try:
            match node:
                case ast.Constant():
                    return self._number(node)
                case ast.Name():
                    return self._named(node)
                case ast.BinOp():
                    return self._calculated(OPERATORS[type(node.op)], *operands)
                case ast.UnaryOp():
                    minus = isinstance(node.op, ast.USub)
                    return self._calculated("-", *operands) if minus else operands[0]
                case ast.Compare():
                    return self._calculated(COMPARISONS[type(node.ops[0])], *operands)
                case ast.Call(ast.Name(name)):
                    return self._functions[name](*operands)
        except (TypeError, ValueError, ArithmeticError) as error:
            if isinstance(node, (ast.Constant, ast.Name)):
                raise
            raise self._source.wrong(str(error), self._source.column(node)) from None
        return operands

    def _calculated(self, symbol: str, *operands: Any) -> Any:
        """The result of an operator; a comparison gives 1 or 0."""
        if symbol.startswith("<"):
            return self._calculated(symbol.replace("<", ">"), *reversed(operands))
        if symbol == ">=":
            return self._calculated("-", 1.0, self._calculated(">", *reversed(operands)))
        return self._operators[symbol, len(operands)](*operands)

    def _number(self, node: ast.Constant) -> float:
        if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
            raise self._refused(node)
        try:
            number = float(node.value)
        except OverflowError:
            number = math.inf
        if number == math.inf:
            raise self._source.wrong("this number is too large", self._source.column(node))
        return number

    def _named(self, node: ast.Name) -> Value | float:
        name = node.id
        if name in self._leaves:
            self.used.add(name)
            return self._leaves[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in self._functions:
            raise self._source.wrong(
                f"{name} is an operation: {name}(…)", self._source.column(node)
            )
        hint = SPELLINGS.get(name) or meant(name, self._leaves)
        raise self._source.wrong(f"{name!r} has no number{hint}", self._source.column(node))

    def _refused(self, node: ast.expr) -> ValueError:
        """The error for something that is Python, but not a formula."""
        kind = KINDS.get(type(node), "this")
        column = self._source.column(node)
        if isinstance(node, ast.Attribute):
            column = self._source.text.index(
                ".", self._source.characters(node.value.end_col_offset or 0)
            )
        return self._source.wrong(f"{kind} has no place in a formula", column)


def meant(name: str, names: Collection[str]) -> str:
    """The question "did you mean …?", if there is a similar name."""
    names = [x for x in names if len(x) <= LONGEST_GUESSED]
    if len(name) > LONGEST_GUESSED:
        return ""
    similar = [x for x in names if x in TABLE and name in TABLE[x].aliases]
    similar = similar or get_close_matches(name, names, 1)
    return f"; did you mean {similar[0]!r}?" if similar else ""
