"""Sums rounded once, against exact rational arithmetic, and the language that kernels are in."""

import ast
import inspect
import itertools
import math
import random
import re
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import autograd
from autograd import Value, kernels, ops, special, values
from autograd.expression import python_source

HUGE, TINY = 1.7976931348623157e308, 5e-324
EXPONENTS = {
    "ordinary": (-30, 30),
    "any": (-1074, 1023),
    "products underflow": (-600, -480),
    "products overflow": (480, 600),
    "subnormal": (-1074, -1022),
    "largest": (1000, 1023),
}


def added(xs):
    """The operation, as an array is given to it: of plain numbers it is the builtin."""
    return autograd.sum(np.array(xs, dtype=None if len(xs) else float))


def exact(left, right, divisor=1):
    """The sum of the products divided by a whole number, in fractions, as a float."""
    products = [x * y for x, y in zip(left, right, strict=True)]
    pairs = list(zip(left, right, products, strict=True))
    special = [p for x, y, p in pairs if not (math.isfinite(x) and math.isfinite(y))]
    if special:
        return sum(special)
    total = sum((Fraction(x) * Fraction(y) for x, y, _ in pairs), Fraction(0)) / divisor
    if not total:
        signs = {math.copysign(1.0, p) for p in products}
        return -0.0 if signs == {-1.0} else 0.0
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def same(a, b):
    return (
        a != a and b != b
        if a != a or b != b
        else (a, math.copysign(1, a)) == (b, math.copysign(1, b))
    )


def check(left, right):
    """The dot product, and the sum and the mean of its left side."""
    with np.errstate(all="ignore"):
        expected = exact(left, right)
        assert same(autograd.dot(left, right), expected)
        assert same(autograd.dot(values(left), right).data, expected)
        ones = [1.0] * len(left)
        assert same(added(left), exact(left, ones))
        assert same(autograd.mean(left), exact(left, ones, len(left)))


FLOATS = st.one_of(
    st.floats(),
    st.integers(-6, 6).map(float),
    st.sampled_from([HUGE, -HUGE, TINY, -TINY, 2.0**-537, 2.0**-500, 1e16, 2.0**995, 2.0**1000]),
    st.floats(1.0, 2.0).flatmap(
        lambda x: st.sampled_from(
            [x * 2.0**k for k in (-1060, -540, -500, -480, 0, 500, 511, 1000)]
        )
    ),
)


@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=12), st.integers(0, 40))
@example([(1e16, 1.0), (1.0, 1.0), (-1e16, 1.0)], 0)
@example([(1e308, 1.0), (1e308, 1.0), (-1e308, 1.0), (-1e308, 1.0), (5e-324, 1.0)], 0)
@example([(1.0, 1.0), (2.0**-27, 2.0**-26), (TINY, 0.25)], 0)  # a tie, decided below the range
@example([(1.0, 1.0), (2.0**-27, 2.0**-26), (TINY, 0.25)], 40)
@example([(HUGE, 1.0), (2.0**969, 1.0)], 0)  # just below the middle between HUGE and 2 ** 1024
@example([(HUGE, 1.0), (2.0**970, 1.0)], 0)
@example([(-0.0, 1.0)], 0)
@example([(-TINY, 0.25)], 0)
@example([(-0.0, 1.0), (TINY, -0.25), (TINY, 0.25)], 0)
@example([(math.inf, 0.0), (1.0, 1.0)], 0)
@example([(HUGE, 2.0), (-math.inf, 1.0)], 0)
@example([(math.inf, 1.0), (HUGE, -HUGE), (-HUGE, HUGE)], 40)
@example([(1.0, 1.0), (2.0, 1.0), (4.0, 1.0)], 0)
def test_any_floats(pairs, repeats):
    """Also by arrays, which take over where vectors are long."""
    pairs = pairs + pairs[:2] * (repeats // 2)
    left, right = ([x for x, _ in pairs], [y for _, y in pairs])
    check(left, right)
    check(right, left)


@pytest.mark.parametrize("count", [1, 2, 7, 49, 50, 300])
@pytest.mark.parametrize("exponents", EXPONENTS.values(), ids=EXPONENTS)
def test_all_magnitudes_and_cancellation(count, exponents):
    draw = random.Random(count)

    def number():
        return math.copysign(
            math.ldexp(draw.uniform(1, 2), draw.randint(*exponents)), draw.random() - 0.5
        )

    for _ in range(1000 // count + 3):
        left, right = ([number() for _ in range(count)] for _ in range(2))
        check(left, right)
        check([*left, *left, number()], [*right, *[-y for y in right], number()])


def test_the_same_bits_in_every_order():
    left, right = [1e16, 1.0, -1e16, 2.0**-60], [1.0, 3.0, 1.0, -1.0]
    expected = autograd.dot(left, right)
    for order in itertools.permutations(range(4)):
        assert autograd.dot([left[i] for i in order], [right[i] for i in order]) == expected
    draw = random.Random(0)
    pairs = [(draw.gauss(0, 1) * 2.0 ** draw.randint(-99, 99), draw.gauss(0, 1)) for _ in range(99)]
    results = set()
    for _ in range(50):
        draw.shuffle(pairs)
        left, right = ([x for x, _ in pairs], [y for _, y in pairs])
        results.add((autograd.dot(left, right), added(left), autograd.mean(left)))
    assert len(results) == 1


def test_ten_thousand_elements():
    draw = np.random.default_rng(0)
    left, right = draw.normal(size=(2, 10_000)) * 2.0 ** draw.integers(-300, 300, size=(2, 10_000))
    check(left.tolist(), right.tolist())
    check(np.append(left, left).tolist(), np.append(right, -right).tolist())


def test_sums_of_nothing():
    assert same(autograd.dot([], []), 0.0)
    assert same(added([]), 0.0)


def test_figures_from_the_documentation():
    assert autograd.dot([1e16, 1.0, -1e16], [1.0, 1.0, 1.0]) == 1.0
    assert added([1e308, 1e308, -1e308, -1e308, 5e-324]) == 5e-324
    assert autograd.mean([HUGE, HUGE]) == HUGE


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda x: autograd.dot([x * 1e300, 1.0], [1e300, 1.0]), "overflow"),
        (lambda x: autograd.dot([x * math.inf, 1.0], [0.0, 1.0]), "invalid value"),
        (lambda x: added([x * 1.7e308, 1.7e308]), "overflow"),
        (lambda x: added([x * math.inf, -math.inf]), "invalid value"),
        (lambda x: autograd.mean([x * math.inf, -math.inf]), "invalid value"),
    ],
)
def test_numpys_warnings(function, kind):
    for x in (1.0, Value(1.0)):
        with pytest.warns(RuntimeWarning, match=kind):
            function(x)


def test_an_overflow_warns_in_any_order():
    """NumPy's own sum of these overflows in one order and not in another."""
    terms = [HUGE, 9e291, 9e291]
    for order in itertools.permutations(terms):
        for function in (added, lambda x: autograd.dot(x, [1.0] * 3)):
            with pytest.warns(RuntimeWarning, match="overflow"):
                assert function(list(order)) == math.inf


@pytest.mark.parametrize("count", [3, 20, 60, 120])
def test_what_cancels_at_the_limits_of_the_range(count):
    """Products whose rounding errors are below the range, or above it, and that leave little."""
    draw = random.Random(count)
    for low, spread in itertools.product(
        (-1070, -1040, -1000, -990, -960, -500, 470, 1000), (0, 500)
    ):
        middle, left, right = (low if spread else low // 2), [], []
        for _ in range(count // 2 + 1):
            exponent = draw.randint(max(-1060, middle - spread), min(1000, middle + spread))
            x = math.ldexp(draw.uniform(1, 2), exponent)
            y = math.ldexp(draw.uniform(1, 2), max(-1060, min(1000, low - exponent)))
            left += [x, -x]
            right += [y, math.nextafter(y, draw.choice([0.0, math.inf]))]
        with np.errstate(all="raise", over="ignore"):
            assert same(autograd.dot(left, right), exact(left, right))


@pytest.mark.parametrize("x", [math.inf, -math.inf, math.nan])
def test_what_is_infinite_already_does_not_warn(x):
    """Not even where the finite operands alone would overflow."""
    for operation in (added, autograd.mean, lambda xs: autograd.dot(xs, [1.0] * len(xs))):
        for operands in ([x, 1.0], [HUGE, HUGE, x], [-HUGE, -HUGE, x]):
            assert same(operation(operands), x)
            assert same(operation([Value(operands[0]), *operands[1:]]).data, x)


@given(st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=6), st.booleans())
def test_the_source_of_a_sum_computes_the_same_bits(pairs, long):
    pairs *= 12 if long else 1
    left, right = ([x for x, _ in pairs], [y for _, y in pairs])
    x = values(left)
    with np.errstate(all="ignore"):
        for value in (autograd.dot(x, right), added(x), autograd.mean(x)):
            space = {}
            exec(python_source(value, arguments=[x]), space)
            assert same(space["f"](*left), value.data)


def test_rounded_sums_are_those_of_the_table():
    """So every other way into them, `forward()` and the operations' values, has the same bits."""
    left, right = [0.1] * 3, [0.3, 0.7, -1.0 + 2.0**-50]
    x, y = values(left), values(right)
    node = autograd.dot(x, y)
    assert node.data == node.forward() == ops.dot.value(*left, *right) == exact(left, right)


# --- The language of the kernels ----------------------------------------------------------------

MATH_OF_C = """
    acos acosh asin asinh atan atan2 atanh cbrt copysign cos cosh erf erfc exp expm1 fabs fmod hypot
    log log10 log1p log2 pow sin sinh sqrt tan tanh
""".split()
"""Functions of `math` that take and return floats as C's do."""
PREDICATES = ["isfinite", "isinf", "isnan"]


class Language:
    """Checks that the kernels of a module are written in what a compiler can lower.

    Every expression is a number or a truth value, and stands where its kind is wanted. A function
    calls only what stands above it, so none is recursive.
    """

    def __init__(self, source, primitives):
        self.kinds = dict.fromkeys(["abs", "max", "min", "float"], float)
        self.kinds |= {f"math.{name}": float for name in MATH_OF_C}
        self.kinds |= {f"math.{name}": bool for name in PREDICATES}
        self.constants, self.function = {"math.inf", "math.nan", "math.pi", "math.e"}, "the module"
        body = ast.parse(source).body
        marks = [i for i, node in enumerate(body) if self.target(node) == "PRIMITIVES"]
        start = marks[0] if marks else 0
        self.kinds |= dict.fromkeys(primitives, float)
        self.constants |= {self.target(node) for node in body[:start]} - {"", "PRIMITIVES"}
        for node in body[start + 2 if marks else 0 :]:
            self.kernel(node)

    @staticmethod
    def target(node):
        return ast.unparse(node.targets[0]) if isinstance(node, ast.Assign) else ""

    def refusal(self, node, why):
        where = f"{self.function}, line {node.lineno}: {ast.unparse(node)!r}"
        return AssertionError(f"{where} is not in the language of the kernels: {why}")

    def require(self, condition, node, why):
        if not condition:
            raise self.refusal(node, why)

    def kernel(self, node):
        self.require(isinstance(node, ast.FunctionDef), node, "only functions")
        self.function, given = node.name, node.args
        self.require(not (given.posonlyargs or given.kwonlyargs or given.kwarg), node, "operands")
        self.require(not node.decorator_list, node, "no decorators")
        self.names = {x.arg for x in given.args if ast.unparse(x.annotation) == "float"}
        self.vectors = {x.arg for x in [*given.args, given.vararg] if x} - self.names
        self.returned = {"float": float, "bool": bool}[ast.unparse(node.returns)]
        self.require(ast.get_docstring(node), node, "a docstring")
        for default in given.defaults:
            self.require(isinstance(default, ast.Constant), default, "defaults are numbers")
        self.statements(node.body[1:])
        self.kinds[node.name] = self.returned

    def statements(self, body):
        for node in body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.number(value)
                    self.names.add(name)
                case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                    self.number(ast.copy_location(ast.BinOp(ast.Name(name), op, value), node))
                case ast.If(test=test, body=body, orelse=orelse):
                    self.truth(test)
                    self.statements(body)
                    self.statements(orelse)
                case ast.For(target=ast.Name(id=name), iter=operands, body=body, orelse=[]):
                    self.vector(operands)
                    self.names.add(name)
                    self.statements(body)
                case ast.Return(value=value) if value is not None:
                    self.require(self.kind(value) is self.returned, node, "its annotation differs")
                case _:
                    raise self.refusal(node, f"a statement {type(node).__name__}")

    def number(self, node):
        self.require(self.kind(node) is float, node, "it must be a number")

    def truth(self, node):
        self.require(self.kind(node) is bool, node, "it must be true or false: compare")

    def vector(self, node):
        known = isinstance(node, ast.Name) and node.id in self.vectors
        self.require(known, node, "it must be the operands")

    def kind(self, node):
        """Whether an expression is a float or a bool."""
        match node:
            case ast.Constant(value=float()):
                return float
            case ast.Name() | ast.Attribute():
                known = ast.unparse(node) in self.names | self.constants
                self.require(known, node, "not a number that is known here")
                return float
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                self.number(operand)
                return float
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self.truth(operand)
                return bool
            case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div()):
                self.number(node.left)
                self.number(node.right)
                return float
            case ast.BinOp(left=ast.Constant(value=2.0), op=ast.Pow(), right=right):
                self.require(re.fullmatch(r"-?\d+", ast.unparse(right)), node, "a literal exponent")
                return float
            case ast.Compare(left=left, comparators=others):
                kinds = {self.kind(x) for x in (left, *others)}
                order = {type(op) for op in node.ops} - {ast.Eq, ast.NotEq}
                self.require(order <= {ast.Lt, ast.LtE, ast.Gt, ast.GtE}, node, "which operator?")
                self.require(kinds == {float} or (kinds == {bool} and not order), node, "of what?")
                return bool
            case ast.BoolOp(values=values):
                for value in values:
                    self.truth(value)
                return bool
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.truth(test)
                self.require(self.kind(body) is self.kind(orelse), node, "one kind or the other")
                return self.kind(body)
            case ast.Call(func=function, args=arguments, keywords=[]):
                name = ast.unparse(function)
                self.require(name in self.kinds, node, f"nothing above is called {name}")
                for argument in arguments:
                    self.argument(name, argument)
                return self.kinds[name]
        raise self.refusal(node, f"an expression {type(node).__name__}")

    def argument(self, name, node):
        """A number; a truth value made one; operands, as they are or each after a computation."""
        match node:
            case ast.Name(id=vector) if vector in self.vectors and name in ("max", "min"):
                pass
            case ast.Starred(value=ast.Name() as operands):
                self.vector(operands)
            case ast.Starred(
                value=ast.ListComp(
                    elt=each,
                    generators=[ast.comprehension(ast.Name(id=x), operands, ifs=[], is_async=0)],
                )
            ):
                self.vector(operands)
                self.names.add(x)
                self.number(each)
            case _:
                kind = self.kind(node)
                self.require(kind is float or name == "float", node, "it must be a number")


def test_kernels_are_written_in_what_can_be_lowered():
    primitives = [function.__name__ for function in kernels.PRIMITIVES]
    known = Language(inspect.getsource(kernels), primitives).kinds
    source = inspect.getsource(special).partition("# ---")[2]  # after the imports
    Language(f"# ---{source}", [name for name in known if name in vars(special)])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return math.frexp(x)[0]", "Subscript"),
        ("return math.frexp(x)", "nothing above is called math.frexp"),
        ("return math.fsum([x, y])", "nothing above is called math.fsum"),
        ("return np.exp(x)", "nothing above is called np.exp"),
        ("return f(y, x)", "nothing above is called f"),
        ("return x, y", "Tuple"),
        ("return x > y", "its annotation differs"),
        ("return 1.0 if x else y", "compare"),
        ("return x or y", "compare"),
        ("return x + (y > x)", "must be a number"),
        ("return max(x, y > x)", "must be a number"),
        ("return 1.0 if x is y else y", "which operator"),
        ("return 1.0 if (x > y) > (y > x) else y", "of what"),
        ("return x ** y", "BinOp"),
        ("return 2.0 ** y", "a literal exponent"),
        ("return x // y", "BinOp"),
        ("return x + 1", "Constant"),
        ("return z", "not a number that is known"),
        ("return [x, y]", "List"),
        ("x, y = y, x\n    return x", "Assign"),
        ("x %= y\n    return x", "BinOp"),
        ("for z in [x, y]:\n        return z\n    return x", "the operands"),
        ("while x > y:\n        x += 1.0\n    return x", "While"),
        ("try:\n        return x\n    except ValueError:\n        return y", "Try"),
        ("global z\n    return x", "Global"),
        ("return", "Return"),
    ],
)
def test_what_cannot_be_lowered_is_named(body, why):
    source = f'def f(x: float, y: float) -> float:\n    """A kernel."""\n    {body}\n'
    with pytest.raises(AssertionError, match=f"^f, line [34]: .*{re.escape(why)}"):
        Language(source, [])


@pytest.mark.parametrize("x", [0.0, 0.5, 1.0, 8.0, 1e200, math.inf, math.nan])
@pytest.mark.parametrize("y", [0.0, 1 / 3, 2.0, 3.0, 2.0**53, math.inf, math.nan])
def test_the_power_of_c(x, y):
    """Where Python raises too."""
    for base, exponent in itertools.product((x, -x), (y, -y)):
        got = kernels._pow(base, exponent)
        with np.errstate(all="ignore"):
            expected = float(np.power(base, exponent))
        assert same(got, expected) or got == pytest.approx(expected, rel=1e-14, abs=0.0)


def magnitudes():
    """Pairs of numbers of every two sizes, and of nearly the same."""
    draw, sizes = random.Random(0), range(-1074, 1024, 53)
    for i, j in [*itertools.product(sizes, repeat=2), *((i, i + 1) for i in range(-1074, 1023, 3))]:
        x, y = math.ldexp(draw.uniform(1, 2), i), math.ldexp(draw.uniform(1, 2), j)
        yield draw.choice([x, -x]), draw.choice([y, -y])


@pytest.mark.parametrize(
    ("kernel", "formula", "units"),
    [
        (kernels.quotient_slope, lambda x, y: -x / y**2, 2),
        (kernels.inversion, lambda x, y: x / (x**2 + y**2), 3),
        (kernels.direction, lambda x, y: x / mpmath.sqrt(x**2 + y**2), 2),
        (lambda x, y: kernels.cbrt(x), lambda x, y: mpmath.sign(x) * mpmath.cbrt(abs(x)), 0),
    ],
    ids=["quotient_slope", "inversion", "direction", "cbrt"],
)
def test_all_magnitudes_against_a_computation_without_limits(kernel, formula, units):
    """By 60 digits; the cube root to the last bit."""
    for x, y in [*magnitudes(), (HUGE, HUGE), (HUGE, -HUGE), (TINY, TINY)]:
        with mpmath.workdps(60):
            expected = formula(mpmath.mpf(x), mpmath.mpf(y))
            got, nearest = kernel(x, y), float(expected)
            assert got == nearest or abs(got - expected) < units * math.ulp(nearest), (x, y)


@pytest.mark.parametrize(
    ("kernel", "exact"),
    [
        (kernels.deg2rad, lambda x: mpmath.mpf(x) * mpmath.pi / 180),
        (kernels.rad2deg, lambda x: mpmath.mpf(x) * 180 / mpmath.pi),
    ],
)
def test_angles_are_rounded_once(kernel, exact):
    draw = random.Random(0)
    for _ in range(2000):
        x = draw.uniform(-1.0, 1.0) * 10.0 ** draw.uniform(-200.0, 200.0)
        with mpmath.workdps(50):
            assert kernel(x) == float(exact(x))


def test_sums_of_exponentials():
    """Of operands that are the largest more than once, far apart, infinite or nan."""
    inf, nan = math.inf, math.nan
    for operands, expected in (
        ([1.5], 1.5),
        ([2.0, 2.0], 2.0 + math.log(2.0)),
        ([0.0, -40.0, -40.0], 2.0 * math.exp(-40.0)),
        ([HUGE, -HUGE], HUGE),
        ([inf, 1.0], inf),
        ([inf, -inf, inf], inf),
        ([-inf, -inf], -inf),
        ([-inf, 0.0], 0.0),
        ([nan, inf], nan),
        ([inf, nan], nan),
        ([-inf, 1.0, nan], nan),
    ):
        for order in itertools.permutations(operands):
            assert kernels.logsumexp(*order) == pytest.approx(expected, rel=4e-16, nan_ok=True)
    with pytest.raises(ValueError, match="empty"):
        kernels.logsumexp()


@pytest.mark.parametrize(
    ("kernel", "cases"),
    [
        (kernels.cbrt, "0 0; -0 -0; inf inf; -inf -inf; nan nan"),
        (kernels.quotient_slope, "1e300 inf -0; 1e300 -inf -0; inf inf nan; 1 0 -inf; 0 0 nan"),
        (kernels.inversion, "inf 1 0; -inf 1 -0; 1 inf 0; 0 0 nan; nan 1 nan; inf nan nan"),
        (kernels.direction, "inf 1 1; -inf 1 -1; -1 inf -0; inf inf nan; -0 1 -0; inf nan nan"),
        (kernels.distance, "0 0 inf; -0 0 inf; 3 -4 5; 0 5e-324 5e-324; nan 0 nan; inf 0 inf"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_zero_infinity_and_nan(kernel, cases):
    for case in cases.split(";"):
        *operands, expected = map(float, case.split())
        assert same(kernel(*operands), expected), case
