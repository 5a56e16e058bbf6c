"""Operations of the table as straight-line code.

The source of the kernels, which are written in a small Python, is interpreted with references in
place of numbers. Both sides of an `if` are computed and one is selected, so code never branches;
what the other side computes, be it infinite or nan, does not matter.

Sums that the table rounds once are chains of additions here. From three terms on they may differ in
the last digits, and a partial sum may overflow.
"""

import ast
import functools
import inspect
import math
import operator
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from autograd import kernels, special
from autograd.compiler.instructions import EXACT, MEANING, Instruction, Instructions, Ref, Slot
from autograd.compiler.program import Program
from autograd.kernels import trunc
from autograd.op import Op

__all__ = ["EXACT", "CannotLower", "Code", "Instruction", "Ref", "Slot", "is_exact", "is_reordered"]


class CannotLower(Exception):  # noqa: N818, it is an answer
    """An operation cannot be lowered."""

    def __init__(self, op: Op) -> None:
        super().__init__(f"{op!r} is not an operation of the library, or has no formula to lower")
        self.op = op


class Code(Instructions):
    """Straight-line code of operations of the table.

    Args:
        native: whether the processor runs it, which multiplies and adds in one instruction.
    """

    def __init__(self, native: bool = False) -> None:
        super().__init__()
        self.native = native
        self.fused = False
        """Whether there is a sum in it of more than two terms, or products, that is rounded once in
        the table."""
        self.reordered = False
        """Whether the order of the terms of such a sum depends on what was computed before."""

    def steps(self, program: Program, inputs: Sequence[Ref]) -> list[Ref]:
        """The numbers of a program, inputs and then steps, given what its inputs are here."""
        refs, constants = [*inputs], program.constants
        for index, *operands in program.entries:
            given = [refs[x] if x >= 0 else constants[~x] for x in operands]
            refs.append(self.lower(program.ops[index], given))
        return refs

    def lower(self, op: Op, operands: Sequence[Ref]) -> Ref:
        """The value of an operation.

        Raises:
            CannotLower: if it is not one of the library's own.
        """
        if not op.own:
            raise CannotLower(op)
        try:
            return self.call(op.forward, [*operands])
        except _Unknown:
            raise CannotLower(op) from None

    def call(
        self, function: Callable[..., Any], arguments: Sequence[Any], inner: bool = False
    ) -> Ref:
        """The value of a function that the table or a kernel calls.

        Args:
            function: a kernel, a primitive, or a function of Python's.
            arguments: references; or a single list of them.
            inner: whether a kernel calls it. None of them looks at the sign of a zero that is the
                largest or smallest of all, so their order is free there, and one serves for all.
        """
        if function in _FORMULAS:
            return _FORMULAS[function](self, *arguments)
        if function is kernels.sech2 and self.native:  # computed together with `tanh`
            return self.emit("sech2", *arguments)
        if function in _NAMES:
            return self.emit(_NAMES[function], *arguments)
        if function in kernels.PRIMITIVES or getattr(function, "__module__", "") not in _MODULES:
            raise _Unknown
        if inner and function in (kernels.largest, kernels.smallest):
            arguments = _ordered(arguments)
        value: Ref = _Frame(self, *_bound(function, arguments)).returned()
        return value


@functools.cache
def is_exact(op: Op, count: int) -> bool:
    """Whether an operation on so many operands has the same bits on every machine.

    Raises:
        CannotLower: if it is not one of the library's own.
    """
    code = _alone(op, count)
    return not code.fused and all(x.name in EXACT for x in code.instructions)


def is_reordered(op: Op, count: int) -> bool:
    """Whether the last digits of an operation on so many operands depend on what is around it.

    Raises:
        CannotLower: if it is not one of the library's own.
    """
    return _alone(op, count).reordered


@functools.cache
def _alone(op: Op, count: int) -> Code:
    """The code of an operation on so many operands."""
    code = Code()
    code.lower(op, [code.input(uniform=False) for _ in range(count)])
    return code


# --- The interpreter -----------------------------------------------------------------------------


class _Unknown(Exception):  # noqa: N818
    """A function that is neither a kernel nor an instruction."""


@functools.cache
def _definition(function: Callable[..., Any]) -> ast.FunctionDef:
    tree = ast.parse(inspect.getsource(function)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


def _bound(
    function: Callable[..., Any], arguments: Sequence[Any]
) -> tuple[Any, dict[str, Any], list[ast.stmt]]:
    """The module of a kernel, its parameters with their arguments, and its statements."""
    definition = _definition(function)
    names = [x.arg for x in definition.args.args]
    defaults = getattr(function, "__defaults__", None) or ()
    missing = len(names) - len(arguments)
    if missing > 0:
        arguments = [*arguments, *map(float, defaults[len(defaults) - missing :])]
    known = dict(zip(names, arguments, strict=False))
    if definition.args.vararg:
        known[definition.args.vararg.arg] = [*arguments[len(names) :]]
    return function.__globals__, known, definition.body


@functools.cache
def _leaves(node: ast.If) -> tuple[bool, bool]:
    """Whether the `if` part always returns, and whether any part may."""
    return _always(node.body), any(isinstance(x, ast.Return) for x in ast.walk(node))


def _always(body: list[ast.stmt]) -> bool:
    last = body[-1] if body else None
    return isinstance(last, ast.Return) or (
        isinstance(last, ast.If) and _always(last.body) and _always(last.orelse)
    )


class _Frame:
    """A call of a kernel: what its names stand for."""

    def __init__(
        self, code: Code, module: dict[str, Any], known: dict[str, Any], body: Sequence[Any]
    ) -> None:
        self._code, self._module, self._known = code, module, known
        self._waiting = [*reversed(body)]

    def returned(self) -> Any:
        """The number that the statements return; None if they end without."""
        left: list[tuple[Ref, Ref]] = []  # the conditions of early returns, and what is returned
        value: Any = None
        while self._waiting and value is None:
            statement = self._waiting.pop()
            match statement:
                case ast.Return(value=node):
                    value = self._value(node)
                case ast.Assign(targets=[ast.Name(id=name)], value=node):
                    self._known[name] = self._value(node)
                case ast.AugAssign(target=ast.Name(id=name), op=sign, value=node):
                    known = self._known[name]
                    self._known[name] = self._code.emit(
                        _SIGNS[type(sign)], known, self._value(node)
                    )
                case ast.For(target=ast.Name(id=name), iter=node, body=body):
                    for item in reversed(self._value(node)):
                        self._waiting += [*reversed(body), (name, item)]
                case (name, item):  # of a loop
                    self._known[name] = item
                case ast.If():
                    value = self._if(statement, left)
        for mask, early in reversed(left):
            value = self._code.choose(mask, early, value)
        return value

    def _if(self, node: ast.If, left: list[tuple[Ref, Ref]]) -> Any:
        """The number returned from here on, None if that is for the statements that are waiting."""
        mask = self._value(node.test)
        if isinstance(mask, bool):
            self._waiting += reversed(node.body if mask else node.orelse)
            return None
        body_leaves, any_leaves = _leaves(node)
        if body_leaves:
            left.append((mask, self._branch(node.body).returned()))
            self._waiting += reversed(node.orelse)
        elif any_leaves:  # some paths do, so the rest is computed on both sides
            rest = [*reversed(self._waiting)]
            branches = [self._branch([*part, *rest]) for part in (node.body, node.orelse)]
            return self._code.choose(mask, *[x.returned() for x in branches])
        else:
            body, otherwise = self._branch(node.body), self._branch(node.orelse)
            body.returned()
            otherwise.returned()
            for name in body._known.keys() & otherwise._known.keys():
                x, y = body._known[name], otherwise._known[name]
                self._known[name] = x if x is y else self._code.choose(mask, x, y)
        return None

    def _branch(self, body: Sequence[Any]) -> "_Frame":
        return _Frame(self._code, self._module, {**self._known}, body)

    def _value(self, node: Any) -> Any:
        """A number, a truth value, or a list of operands."""
        code = self._code
        match node:
            case ast.Constant(value=constant):
                return constant
            case ast.Name(id=name):
                return self._known[name] if name in self._known else self._module[name]
            case ast.Attribute(value=ast.Name(id=module), attr=name):
                return getattr(self._module[module], name)
            case ast.UnaryOp(op=sign, operand=operand):
                return code.emit(_SIGNS[type(sign)], self._value(operand))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self._value(left) ** self._value(right)  # of constants
            case ast.BinOp(left=left, op=sign, right=right):
                return code.emit(_SIGNS[type(sign)], self._value(left), self._value(right))
            case ast.Compare(left=left, ops=signs, comparators=others):
                values = [*map(self._value, (left, *others))]
                answers = [
                    self._compared(sign, x, y)
                    for sign, (x, y) in zip(signs, pairwise(values), strict=True)
                ]
                return functools.reduce(lambda x, y: code.emit("and", x, y), answers)
            case ast.BoolOp(op=sign, values=parts):
                answer: Ref = isinstance(sign, ast.And)
                for part in parts:
                    answer = code.emit(_SIGNS[type(sign)], answer, self._value(part))
                return answer
            case ast.IfExp(test=test, body=body, orelse=otherwise):
                mask = self._value(test)
                if isinstance(mask, bool):
                    return self._value(body if mask else otherwise)
                return code.choose(mask, self._value(body), self._value(otherwise))
            case ast.Call(func=function, args=arguments):
                items = [x for argument in arguments for x in self._arguments(argument)]
                return code.call(self._function(function), items, inner=True)
        raise AssertionError(f"kernels are not written like this: {ast.unparse(node)}")

    def _compared(self, sign: ast.cmpop, x: Ref, y: Ref) -> Ref:
        emit = self._code.emit
        if not self._code.is_mask(x):
            return emit(_SIGNS[type(sign)], x, y)
        same = emit("or", emit("and", x, y), emit("not", emit("or", x, y)))
        return same if isinstance(sign, ast.Eq) else emit("not", same)

    def _arguments(self, node: ast.expr) -> Sequence[Any]:
        match node:
            case ast.Starred(
                value=ast.ListComp(
                    elt=each,
                    generators=[ast.comprehension(target=ast.Name(id=name), iter=operands)],
                )
            ):
                inner = self._branch(())
                values = []
                for inner._known[name] in self._value(operands):
                    values.append(inner._value(each))
                return values
            case ast.Starred(value=operands):
                found: Sequence[Any] = self._value(operands)
                return found
        return [self._value(node)]

    def _function(self, node: ast.expr) -> Callable[..., Any]:
        if isinstance(node, ast.Name) and node.id not in self._module:
            found: Callable[..., Any] = self._module["__builtins__"][node.id]
            return found
        function: Callable[..., Any] = self._value(node)
        return function


_SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide",
    ast.USub: "negative", ast.Not: "not", ast.And: "and", ast.Or: "or",
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal",
    ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip
_MODULES = {kernels.__name__, special.__name__, __name__}


# --- What has no source in the language of the kernels --------------------------------------------


def _ordered(terms: Sequence[Ref]) -> list[Ref]:
    """The same terms in one order, whatever their order was: constants come first."""
    return sorted(terms, key=lambda x: (isinstance(x, Slot), x if isinstance(x, Slot) else str(x)))


_reduced: Callable[[Callable[[Ref, Ref], Ref], Sequence[Ref]], Ref] = functools.reduce


def _chain(code: Code, name: str, terms: Sequence[Ref]) -> Ref:
    return _reduced(lambda x, y: code.emit(name, x, y), terms)


def _sum(code: Code, *terms: Ref) -> Ref:
    if len(terms) > 2:
        code.fused = True
    return _chain(code, "add", terms) if terms else 0.0


def _dot(code: Code, *operands: Ref) -> Ref:
    half = len(operands) // 2
    if half > 1:
        code.fused = True
    pairs = [*zip(operands[:half], operands[half:], strict=True)]
    if not code.native:
        return _chain(code, "add", [code.emit("multiply", x, y) for x, y in pairs]) if half else 0.0
    total = code.emit("multiply", *pairs[0]) if half else 0.0
    for x, y in pairs[1:]:
        total = code.emit("fma", x, y, total)
    return total


def _mean(code: Code, *terms: Ref) -> Ref:
    total, count = _sum(code, *terms), float(len(terms))
    mean = code.emit("divide", total, count)
    if len(terms) != 2:
        return mean
    finite = code.emit("equal", code.emit("subtract", total, total), 0.0)  # no overflow
    halves = [code.emit("multiply", 0.5, x) for x in terms]
    return code.emit("select", finite, mean, code.emit("add", *halves))


def _fsum(code: Code, *terms: Ref) -> Ref:
    """With the errors of the additions added at the end (Ogita, Rump and Oishi 2005).

    Kernels add what nearly cancels. They add it in any order, so that one sum serves for all.
    """
    terms = tuple(_ordered(terms))
    if len(terms) < 3:
        return code.emit("add", _sum(code, *terms), 0.0)  # never -0.0
    code.fused = code.reordered = True
    total = terms[0]
    lost: Ref = -0.0
    for x in terms[1:]:
        before, total = total, code.emit("add", total, x)
        lost = code.emit("add", lost, code.call(kernels._sum_error, [before, x, total]))
    finite = code.emit("equal", code.emit("subtract", total, total), 0.0)
    better = code.emit("add", total, lost)
    return code.emit("select", finite, better, total)


def _hypot(code: Code, *operands: Ref) -> Ref:
    if len(operands) < 2:
        return code.emit("abs", operands[0]) if operands else 0.0
    return _chain(code, "hypot", operands)


def _largest(code: Code, *operands: Any) -> Ref:
    """Python's `max`: a later operand counts only if it is greater."""
    items = operands[0] if isinstance(operands[0], list) else operands
    return _reduced(lambda x, y: code.choose(code.emit("greater", y, x), y, x), items)


def _smallest(code: Code, *operands: Any) -> Ref:
    items = operands[0] if isinstance(operands[0], list) else operands
    return _reduced(lambda x, y: code.choose(code.emit("less", y, x), y, x), items)


def _float(code: Code, x: Ref) -> Ref:
    return code.emit("number", x) if code.is_mask(x) else x


def _rounded(code: Code, x: Ref, ndigits: Ref) -> Ref:
    whole = isinstance(ndigits, float) and ndigits == 0.0
    return code.call(_nearest, [x]) if whole else code.emit("rounded", x, ndigits)


def _nearest(x: float) -> float:
    """The whole number next to `x`, the even one of two: beyond 2 ** 52 all floats are whole."""
    return math.copysign(abs(x) + 2.0**52 - 2.0**52, x) if abs(x) < 2.0**52 else x


def _modulo(x: float, y: float) -> float:
    """Python's `x % y`, of floats."""
    rest = math.fmod(x, y)
    if rest == 0.0:
        return math.copysign(0.0, y)
    return rest + y if (y < 0.0) == (rest > 0.0) else rest


def _floor_divide(x: float, y: float) -> float:
    """Python's `x // y`, of floats, and NumPy's where y is 0."""
    rest = math.fmod(x, y)
    quotient = (x - rest) / y
    if y == 0.0:
        return x / y
    if rest != 0.0 and (y < 0.0) == (rest > 0.0):
        quotient -= 1.0
    if quotient == 0.0:
        return math.copysign(0.0, x / y)
    whole = trunc(quotient)
    whole = whole - 1.0 if whole > quotient else whole
    return whole + 1.0 if quotient - whole > 0.5 else whole


_NAMES: dict[Any, str] = {
    **{getattr(math, name): name for name in MEANING if hasattr(math, name)},
    math.fabs: "abs", abs: "abs", kernels._pow: "pow",
    kernels._sinc_derivative: "_sinc_derivative",
    operator.add: "add", operator.sub: "subtract", operator.mul: "multiply",
    operator.truediv: "divide", operator.neg: "negative",
}  # fmt: skip
_FORMULAS: dict[Any, Callable[..., Ref]] = {
    kernels.sum: _sum, kernels.dot_of_halves: _dot, kernels.mean: _mean, kernels._fsum: _fsum,
    kernels.prod: lambda code, *x: _chain(code, "multiply", x) if x else 1.0,
    kernels._hypot: _hypot, math.hypot: _hypot,
    max: _largest, min: _smallest, float: _float, kernels.rounded: _rounded,
    operator.mod: lambda code, x, y: code.call(_modulo, [x, y]),
    operator.floordiv: lambda code, x, y: code.call(_floor_divide, [x, y]),
    math.isnan: lambda code, x: code.emit("not_equal", x, x),
    math.isinf: lambda code, x: code.emit("equal", code.emit("abs", x), math.inf),
    math.isfinite: lambda code, x: code.emit("less", code.emit("abs", x), math.inf),
}  # fmt: skip
"""How functions without such a source are written in instructions."""
