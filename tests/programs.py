"""Random Python functions of numbers, with branches and loops, as source code."""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

import autograd
from autograd import Value

EXACT = [
    "({} + {})", "({} - {})", "({} * {})", "({} / {})", "maximum({}, {})", "minimum({}, {})",
    "where({}, {}, {})", "abs({})", "relu({})", "sqrt({})", "-{}", "{} ** 2", "square({})",
    "floor({})", "sign({})", "clip({}, -1.0, {})", "leaky_relu({})", "({} % {})", "({} // {})",
    "copysign({}, {})", "heaviside({}, 0.5)", "fmax({}, {})", "stop_gradient({})", "trunc({})",
]  # fmt: skip
INEXACT = [
    "exp({})", "log({})", "sin({})", "cos({})", "tanh({})", "sigmoid({})", "softplus({})",
    "({} ** {})", "hypot({}, {})", "atan2({}, {})", "dot([{}, {}, {}], [{}, {}, {}])",
    "sum([{}, {}, {}])", "mean([{}, {}, {}])", "logsumexp([{}, {}])", "norm([{}, {}, {}])",
    "cbrt({})", "log1p({})", "erf({})", "prod([{}, {}, {}])", "logaddexp({}, {})", "gelu({})",
]  # fmt: skip
CONSTANTS = ["0.0", "1.0", "-1.5", "2", "0.1", "3.0", "1e-3"]
COMPARISONS = ["<", "<=", ">", ">=", "==", "!="]
NUMBERS = st.one_of(
    st.integers(-3, 3).map(float),
    st.floats(-4.0, 4.0).map(lambda x: round(x, 3)),
    st.sampled_from([0.0, -0.0, 1e-300, 1e300, math.inf, -math.inf, math.nan, 0.5, 1.5]),
)
ORDINARY = st.floats(-4.0, 4.0).map(lambda x: round(x, 3))


class _Writer:
    """Writes a body, drawing every choice."""

    def __init__(self, draw: Any, parameters: list[str], exact: bool) -> None:
        self.draw, self.variables = draw, parameters
        self.templates = EXACT if exact else EXACT + INEXACT
        self.count = 0

    def choice(self, items: list[str]) -> str:
        return self.draw(st.sampled_from(items))

    def atom(self) -> str:
        return self.choice(self.variables * 3 + CONSTANTS)

    def expression(self, depth: int = 2) -> str:
        template = self.choice(self.templates)
        parts = [
            self.expression(depth - 1)
            if depth and self.draw(st.integers(0, 2)) == 0
            else self.atom()
            for _ in range(template.count("{}"))
        ]
        if all(part in CONSTANTS for part in parts):  # between numbers, Python's own arithmetic
            parts[0] = self.choice(self.variables)
        return template.format(*parts)

    def condition(self) -> str:
        return f"{self.choice(self.variables)} {self.choice(COMPARISONS)} {self.atom()}"

    def block(self, indent: str, depth: int) -> list[str]:
        """Some statements; names that are bound in them alone are forgotten."""
        known = [*self.variables]
        lines = [
            line
            for _ in range(self.draw(st.integers(1, 3)))
            for line in self.statement(indent, depth)
        ]
        self.variables = known
        return lines

    def statement(self, indent: str, depth: int) -> list[str]:
        kind = self.draw(st.integers(0, 5 if depth else 2))
        if kind <= 2:
            names = [x for x in self.variables if x.startswith("v")]
            if names and kind == 0:
                name = self.choice(names)
            else:
                name = f"v{self.count}"
                self.count += 1
            line = f"{indent}{name} = {self.expression()}"
            if name not in self.variables:
                self.variables = [*self.variables, name]
            return [line]
        inner = indent + "    "
        if kind == 3:
            lines = [f"{indent}if {self.condition()}:", *self.block(inner, depth - 1)]
            if self.draw(st.booleans()):
                lines += [f"{indent}else:", *self.block(inner, depth - 1)]
            return lines
        if kind == 4:
            head = f"{indent}for _ in range({self.draw(st.integers(1, 3))}):"
            return [head, *self.block(inner, depth - 1)]
        self.count += 1
        rounds = f"rounds{self.count}"
        return [
            f"{indent}{rounds} = 0",
            f"{indent}while {self.condition()} and {rounds} < 4:",
            f"{inner}{rounds} += 1",
            *self.block(inner, depth - 1),
        ]


@st.composite
def programs(draw: Any, exact: bool = False, scalar: bool = False, parameters: int = 3) -> str:
    """The source of a function `f` of numbers x0, x1, ….

    Args:
        exact: whether it uses nothing that could differ in the last digit elsewhere.
        scalar: whether it returns one number.
        parameters: how many there are, at most.
    """
    names = [f"x{i}" for i in range(draw(st.integers(1, parameters)))]
    writer = _Writer(draw, [*names], exact)
    lines = [line for _ in range(draw(st.integers(1, 5))) for line in writer.statement("    ", 2)]
    results = [
        f"{writer.choice(writer.variables)} + {writer.choice(names)}",
        f"({writer.expression()}, {writer.choice(writer.variables)})",
        f"{{'a': {writer.atom()}, 'b': [{writer.choice(writer.variables)}, 1, None]}}",
        f"np.array([{writer.choice(writer.variables)}, {writer.expression()}])",
    ]
    result = results[0] if scalar else writer.choice(results)
    return "\n".join([f"def f({', '.join(names)}):", *lines, f"    return {result}"]) + "\n"


def compiled(source: str) -> Any:
    """The function `f` of a source, with the names of this library."""
    names = {**{name: getattr(autograd, name) for name in autograd.__all__}, "np": np}
    exec(source, names)
    return names["f"]


def flat(result: Any) -> list[Any]:
    """All the Values and numbers in a result, in order."""
    if isinstance(result, dict):
        return [x for item in result.values() for x in flat(item)]
    if isinstance(result, (list, tuple)):
        return [x for item in result for x in flat(item)]
    if isinstance(result, np.ndarray):
        return [x for item in result.ravel().tolist() for x in flat(item)]
    return [] if result is None else [result]


def numbers(result: Any) -> list[float]:
    """All the numbers in a result, in order, Values as numbers."""
    return [x.data if isinstance(x, Value) else float(x) for x in flat(result)]


def same(x: float, y: float) -> bool:
    """Whether two numbers are the same bits, any nan being the same."""
    return (x != x and y != y) or (x == y and math.copysign(1.0, x) == math.copysign(1.0, y))
