"""Every operation of the table, lowered and run: at special numbers and at random ones."""

import itertools
import math
import random
import struct
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from backends import BACKENDS, CODE
from hypothesis import given
from hypothesis import strategies as st

from autograd import Op, kernels
from autograd.compiler import block_source, lowering
from autograd.compiler.backends import LLVM
from autograd.compiler.blocks import Blocks
from autograd.compiler.instructions import MEANING
from autograd.compiler.lowering import EXACT, CannotLower, Code, Slot, is_exact
from autograd.compiler.schedule import LaneCheck
from autograd.ops import TABLE
from autograd.quiet import quietly

INF, NAN, HUGE, TINY = math.inf, math.nan, 1.7976931348623157e308, 5e-324
SPECIAL = [
    x * sign
    for x in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 20.5, 40.0, 710.0, 745.2, 1e-300, TINY, HUGE, INF)
    for sign in (1.0, -1.0)
] + [NAN]
FEWER = [0.0, -0.0, 1.0, -1.0, 0.5, -1.5, 3.0, 40.0, 1e-300, HUGE, INF, -INF, NAN]
UNITS = {
    # What cancels: near a zero of the value, the digits of a logarithm or a density are lost.
    "log_softmax": 16, "betaln": 64, "gammaln": 16,
    "digamma": 64, "inverse_mills_bend": 256, "inverse_mills_slope": 16, "gelu": 8,
    "polygamma": 16, "polygamma_difference": 16, "power_mixed": 16, "norm": 8, "length": 8,
}  # fmt: skip
"""How many units in the last place lanes may differ from the table, where that is more than 4."""
FUSED, LOGARITHMS = ("dot", "sum", "mean"), ("logaddexp", "logsumexp")


both = pytest.mark.parametrize("backend", BACKENDS)


def bits(x):
    return struct.pack("d", x) if x == x else b"nan"


def place(x):
    """The place of a float among all floats, in order."""
    (whole,) = struct.unpack("q", struct.pack("d", x))
    return whole if whole >= 0 else -(whole & (2**63 - 1))


def units(x, y):
    """How many floats apart two numbers are."""
    if math.isfinite(x) and math.isfinite(y):
        return abs(place(x) - place(y))
    return 0 if bits(x) == bits(y) else INF


def numbers(count, amount=600):
    """Tuples of operands: combinations of special numbers, all if there are few, and others."""
    draw = random.Random(count)
    if count <= 3:
        yield from itertools.product(SPECIAL if count < 3 else FEWER, repeat=count)

    def number():
        kind = draw.randrange(5)
        if kind == 0:
            return draw.choice(SPECIAL)
        if kind == 1:
            return float(draw.randint(-4, 12))
        if kind == 2:
            return draw.choice([1.0, -1.0]) * 10.0 ** draw.uniform(-320, 308)
        return draw.uniform(-3.0, 3.0) if kind == 3 else draw.uniform(-45.0, 45.0)

    for _ in range(amount if count <= 2 else 5 * amount):
        yield tuple([number() for _ in range(count)])


def lowered(backend, op, count, uniform=()):
    """An operation by itself."""
    code = Code(native=backend == LLVM)
    inputs = [code.input(uniform=i in uniform) for i in range(count)]
    return CODE[backend](code, [code.lower(op, inputs)])


def run(backend, op, rows):
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    (result,), failed = lowered(backend, op, len(columns))(columns, len(rows))
    assert (failed == -1).all()
    return result.tolist()


def cases():
    for name, op in TABLE.items():
        counts = [op.arity] if op.arity else [2, 4, 6, 10] if name == "dot" else [1, 2, 3, 5]
        yield from [pytest.param(op, count, id=f"{name}-{count}") for count in counts]


@both
@pytest.mark.parametrize(("op", "count"), [*cases()])
def test_lanes_are_the_table(backend, op, count):
    """Bit by bit where an operation is exact; elsewhere they are infinite, nan and 0 together."""
    rows = [*numbers(count)]
    if op.name in FUSED and not is_exact(op, count):
        rows = [row for row in rows if all(abs(x) < 1e150 for x in row)]
    if op.arity is None and not op.selects:  # a partial result may overflow
        rows = [row for row in rows if count < 3 or not {HUGE, -HUGE} & {*row}]
    for row, got in zip(rows, run(backend, op, rows), strict=True):
        expected = quietly(op.value, *row)
        if is_exact(op, count):
            assert bits(got) == bits(expected), row
        elif op.name in FUSED or (op.name in LOGARITHMS and math.isfinite(expected)):
            assert abs(got - expected) <= bound(op, row), row
        else:
            assert units(got, expected) <= UNITS.get(op.name, 4), row
            assert expected or bits(got) == bits(expected), row


def bound(op, row):
    """How large the error of a sum may be, whose terms may cancel."""
    half = len(row) // 2
    if op.name in LOGARITHMS:
        return 4 * math.ulp(max(1.0, abs(max(row))))
    terms = (
        [*map(math.prod, zip(row[:half], row[half:], strict=True))] if op is TABLE["dot"] else row
    )
    return len(row) * math.ulp(sum(map(abs, terms)))


def test_which_operations_are_exact():
    exact = {name for name, op in TABLE.items() if is_exact(op, op.arity or 4)}
    assert exact >= {
        *"add subtract multiply divide floor_divide mod fmod relu sqrt clip max".split()
    }
    assert exact >= {*"prod trunc floor ceil round where greater hypot_slope".split()[:-1]}
    assert not exact & {
        *"exp log sin power hypot cbrt erf sum mean dot norm logsumexp tanh".split()
    }
    assert [is_exact(TABLE["sum"], n) for n in range(4)] == [True, True, True, False]
    assert [is_exact(TABLE["mean"], n) for n in range(1, 4)] == [True, True, False]
    assert [is_exact(TABLE["dot"], n) for n in (0, 2, 4)] == [True, True, False]
    assert not {"exp", "log", "sin", "pow", "hypot", "cbrt", "erf"} & EXACT
    assert EXACT - {"input", "select"} < {*MEANING}


@both
@pytest.mark.parametrize("value", [0.0, -0.0, 1.5, INF, -INF, NAN])
def test_sums_of_few(backend, value):
    """One operand is itself, with its sign; of none, the sum is 0 and the product 1."""
    for name in ("sum", "mean", "prod", "max", "min"):
        assert bits(run(backend, TABLE[name], [(value,)])[0]) == bits(value)
    for name, expected in (("sum", 0.0), ("dot", 0.0), ("prod", 1.0), ("norm", 0.0)):
        assert bits(Code().lower(TABLE[name], [])) == bits(expected)


@both
def test_a_sum_that_cancels_keeps_its_digits_in_a_logarithm(backend):
    (total,) = run(backend, TABLE["logsumexp"], [(-40.0, 0.0, -40.0)])
    assert total == pytest.approx(2.0 * math.exp(-40.0), rel=1e-15, abs=0.0)
    (share,) = run(backend, TABLE["log_softmax"], [(0.0, -40.0, -40.0)])
    assert share == pytest.approx(-2.0 * math.exp(-40.0), rel=1e-15, abs=0.0)


@both
def test_the_order_of_operands_counts_where_zeros_have_signs(backend):
    code = Code()
    x, y = code.input(False), code.input(False)
    results = [code.lower(TABLE["max"], [x, y]), code.lower(TABLE["max"], [y, x])]
    ((one, other), _) = CODE[backend](code, results)([np.array([0.0]), np.array([-0.0])], 1)
    assert [bits(one[0]), bits(other[0])] == [bits(0.0), bits(-0.0)]


@both
@pytest.mark.parametrize(
    "terms", [(), (-0.0,), (-0.0, -0.0), (2.0**53, 1.0, 1.0, -(2.0**53)), (INF, 1.0, 2.0)]
)
def test_sums_within_kernels_are_those_of_math(backend, terms):
    code = Code()
    result = code.call(kernels._fsum, [code.input(False) for _ in terms])
    if terms:
        ((result,), _) = CODE[backend](code, [result])([np.array([x]) for x in terms], 1)
    assert bits(float(result if not terms else result[0])) == bits(math.fsum(terms))


def test_only_the_librarys_own_operations():
    custom = Op("custom", math.exp, [lambda out, x: out])
    with pytest.raises(CannotLower, match="custom") as caught:
        Code().lower(custom, [1.0])
    assert caught.value.op is custom
    unit = Op("unit", kernels.unit_vector, lambda out, *x: x)
    unit.own = True
    with pytest.raises(CannotLower, match="unit"):
        is_exact(unit, 2)


def mixed(x: float, y: float, step: float = 2.0) -> float:
    """Some paths return, others go on with other values; a name is known on one side only."""
    if x < 0.0:
        if y > 1.0:
            return -y
        other = y * step
        x += other
    elif y > 3.0:
        x -= 1.0
    else:
        return x + step if (x > 1.0) != (y > 2.0) else y
    return x * y


def searched(limit: float, *operands: float) -> float:
    """A loop that may return, with a condition of two parts and a chained comparison."""
    total = 0.0
    for x in operands:
        if (x > limit and not x > 3.0) or -2.0 <= x < -1.0:
            return total
        total += x
    return total - limit


@both
@pytest.mark.parametrize(("kernel", "count"), [(mixed, 2), (mixed, 3), (searched, 3)])
def test_the_language_of_kernels(backend, kernel, count, monkeypatch):
    monkeypatch.setattr(lowering, "_MODULES", {__name__})
    code = Code()
    result = code.call(kernel, [code.input(False) for _ in range(count)])
    rows = [*itertools.product([-2.0, -1.5, -1.0, 0.0, 1.5, 2.0, 2.5, 3.0, 4.0, NAN], repeat=count)]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    ((got,), _) = CODE[backend](code, [result])(columns, len(rows))
    assert [*map(bits, got)] == [bits(kernel(*row)) for row in rows]


# --- Instructions --------------------------------------------------------------------------------


def used(code, result):
    """The names of the instructions that a result depends on, in order."""
    found, waiting = set(), [result]
    while waiting:
        ref = waiting.pop()
        if isinstance(ref, Slot) and ref not in found:
            found.add(ref)
            waiting += code.instructions[ref.place].operands
    return [code.instructions[x.place].name for x in sorted(found)]


def test_equal_instructions_are_one_and_constants_are_folded():
    code = Code()
    x, y = code.input(False), code.input(False)
    assert code.emit("add", x, y) == code.emit("add", y, x)
    assert code.emit("subtract", x, y) != code.emit("subtract", y, x)
    assert code.emit("multiply", x, 0.0) != code.emit("multiply", x, -0.0)
    assert code.input(False) != code.input(False)
    assert code.emit("divide", 1.0, 0.0) == INF
    assert code.emit("log", -1.0) != code.emit("log", -1.0)
    assert code.emit("less", 1.0, 2.0) is True
    assert code.emit("number", True) == 1.0
    assert used(code, code.lower(TABLE["power"], [x, 2.0])) == ["input", "multiply"]
    assert used(code, code.lower(TABLE["round"], [x, 1.0])) == ["input", "rounded"]
    assert "rounded" not in used(code, code.lower(TABLE["round"], [x, 0.0]))
    assert "pow" in used(code, code.lower(TABLE["power"], [x, y]))
    negative, size = code.emit("negative", x), code.emit("abs", x)
    assert code.emit("multiply", -1.0, x) == code.emit("multiply", x, -1.0) == negative
    assert code.emit("negative", negative) == code.emit("multiply", 1.0, x) == x
    assert code.emit("abs", negative) == code.emit("abs", size) == size
    for exponent in (-1.0, 0.0, 1.0, 3.0):
        assert "pow" not in used(code, code.emit("pow", x, exponent))


@both
@pytest.mark.parametrize(
    ("name", "constant"),
    [
        ("multiply", 1.0), ("multiply", -1.0), ("divide", 1.0), ("add", -0.0), ("subtract", 0.0),
        ("pow", 0.0), ("pow", 1.0), ("pow", -1.0), ("pow", 3.0), ("multiply", 0.0), ("add", 0.0),
        ("subtract", -0.0),
    ],
)  # fmt: skip
def test_simpler_instructions_have_the_same_value(backend, name, constant):
    code = Code()
    x, values = code.input(False), np.array(SPECIAL)
    orders = [(x, constant)]
    if name in ("multiply", "add"):
        orders.append((constant, x))
    for operands in orders:
        result = code.emit("add", code.emit(name, *operands), -0.0)
        ((got,), _) = CODE[backend](code, [result])([values], len(values))
        for value, y in zip(SPECIAL, np.broadcast_to(got, len(values)).tolist(), strict=True):
            expected = quietly(MEANING[name], *[value if z is x else z for z in operands])
            assert units(y, float(expected)) <= (1 if name == "pow" else 0), value
            assert y or bits(y) == bits(float(expected)), value


@both
def test_truth_values(backend):
    code = Code()
    x, y = code.input(False), code.input(False)
    less, more = code.emit("less", x, y), code.emit("greater", x, y)
    for one, other in ((True, less), (less, True)):
        assert code.emit("and", one, other) == code.emit("and", less, less) == less
        assert code.emit("or", one, other) is True
    assert code.emit("and", less, False) is False
    assert code.emit("or", False, less) == less
    assert code.emit("not", code.emit("not", less)) == less
    assert code.emit("not", code.emit("equal", x, y)) == code.emit("not_equal", x, y)
    assert code.emit("select", less, x, x) == x
    assert code.emit("select", True, x, y) == x
    assert code.emit("select", code.emit("not", less), x, y) == code.emit("select", less, y, x)
    assert code.emit("select", less, 1.0, 0.0) == code.emit("number", less)
    inner = code.emit("select", less, x, 5.0)
    assert code.emit("select", less, inner, y) == code.emit("select", less, x, y)
    assert code.emit("select", less, y, inner) == code.emit("select", less, y, 5.0)
    assert code.emit("select", more, inner, y) != code.emit("select", more, x, y)
    either = code.choose(less, more, code.emit("not", more))
    for a, b in itertools.product([0.0, 1.0, NAN], repeat=2):
        columns = [np.array([a]), np.array([b])]
        ((got,), _) = CODE[backend](code, [code.emit("number", either)])(columns, 1)
        assert got.tolist() == [float((a > b) if a < b else not a > b)]


def test_one_sum_serves_for_all_shares():
    """Of the exponentials of n operands there are n, in whatever order they are given."""
    code = Code()
    x = [code.input(False) for _ in range(5)]
    shares = [code.lower(TABLE["softmax"], [x[i], *x[:i], *x[i + 1 :]]) for i in range(5)]
    assert len(shares) == len({*shares})
    names = [x.name for x in code.instructions]
    assert (names.count("exp"), names.count("divide")) == (5, 5)
    assert names.count("add") < 5 * 5


# --- Blocks --------------------------------------------------------------------------------------

SIMPLE = [
    TABLE[name]
    for name in "add subtract multiply divide relu greater where clip sqrt max abs mod sign".split()
]
VALUES = st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.5, 3.0, INF, NAN]) | st.floats(-9.0, 9.0)


@st.composite
def programs(draw):
    """Some inputs, and steps: an operation and the places of its operands, or constants."""
    uniform = draw(st.lists(st.booleans(), min_size=1, max_size=4))
    steps, known = [], len(uniform)
    for _ in range(draw(st.integers(0, 12))):
        op = draw(st.sampled_from(SIMPLE))
        operand = st.integers(0, known - 1) | st.floats(-2.0, 2.0)
        count = op.arity or draw(st.integers(1, 4))
        steps.append((op, draw(st.lists(operand, min_size=count, max_size=count))))
        known += 1
    places = st.integers(0, known - 1)
    checks = st.lists(st.tuples(places, places, st.booleans(), st.booleans()), max_size=4)
    return uniform, steps, draw(st.lists(places, min_size=1, max_size=4)), draw(checks)


def at(values, operand):
    return values[operand] if isinstance(operand, int) else operand


@both
@given(programs(), st.integers(0, 40), st.data())
def test_programs(backend, program, size, data):
    """Several blocks, strided columns, numbers that are the same in all lanes, and checks."""
    uniform, steps, wanted, conditions = program
    inputs = [
        data.draw(VALUES if same else st.lists(VALUES, min_size=size, max_size=size))
        for same in uniform
    ]
    code = Code()
    refs = [code.input(same) for same in uniform]
    for op, operands in steps:
        refs.append(code.lower(op, [at(refs, x) for x in operands]))
    checks = [
        LaneCheck(None, lambda columns: np.less(*columns), (refs[x], refs[y]), expected)
        if asked
        else LaneCheck(code.emit("less", refs[x], refs[y]), None, (), expected)
        for x, y, asked, expected in conditions
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(block_source, "LENGTH", 7)
        blocks = CODE[backend](code, [refs[x] for x in wanted], checks)
    columns = [
        x if same else np.repeat(np.array(x, float), 3)[:: (3, -3)[i % 2]][:: (1, -1)[i % 2]]
        for i, (x, same) in enumerate(zip(inputs, uniform, strict=True))
    ]
    results, failed = blocks(columns, size)
    assert failed.shape == (size,)
    for lane in range(size):
        values = [x if same else x[lane] for x, same in zip(inputs, uniform, strict=True)]
        for op, operands in steps:
            values.append(quietly(op.value, *[at(values, x) for x in operands]))
        answers = [(values[x] < values[y]) == expected for x, y, _, expected in conditions]
        assert failed[lane] == ([*answers, False].index(False) if not all(answers) else -1)
        for place, result in zip(wanted, results, strict=True):
            got = result if isinstance(result, float) else result[lane]
            assert failed[lane] >= 0 or bits(got) == bits(values[place])


def layouts(column):
    """The same numbers as they may lie in memory."""
    yield column
    yield np.repeat(column, 2)[::2]
    yield column[::-1].copy()[::-1]
    yield np.stack([column, column, column], axis=1)[:, 1]
    yield np.frombuffer(b"." + column.tobytes(), dtype="V1")[1:].view(np.float64)


@both
@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.arity], ids=lambda op: op.name)
def test_a_lane_has_the_same_digits_wherever_it_is(backend, op):
    """Among few or many, at any place, however they lie in memory, or the same in all lanes."""
    rows = [*numbers(op.arity)][-50:]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    blocks = lowered(backend, op, op.arity)
    (expected,), _ = blocks(columns, len(rows))
    expected = [*map(bits, expected)]
    for several in zip(*map(layouts, columns), strict=True):
        (result,), _ = blocks(several, len(rows))
        assert [*map(bits, result)] == expected
    for start, stop in ((0, 1), (3, 4), (1, 8), (5, 22), (49, 50)):
        (result,), _ = blocks([x[start:stop] for x in columns], stop - start)
        assert [*map(bits, result)] == expected[start:stop]
    everywhere = lowered(backend, op, op.arity, uniform=range(op.arity))
    for row, result in zip(rows[:10], expected, strict=False):
        assert bits(everywhere(row, 3)[0][0]) == result
    if op.arity > 1:
        (result,), _ = lowered(backend, op, op.arity, uniform=[1])(
            [columns[0], rows[0][1], *columns[2:]], 50
        )
        (again,), _ = blocks([columns[0], np.full(50, rows[0][1]), *columns[2:]], 50)
        assert [*map(bits, result)] == [*map(bits, again)]


@both
def test_results_are_arrays_of_their_own(backend):
    code = Code()
    x, y = code.input(False), code.input(True)
    square = code.emit("multiply", x, x)
    results, _ = CODE[backend](code, [x, square, square, y, 2.5])([column := np.ones(3), 4.0], 3)
    assert results[3:] == [4.0, 2.5]
    for result in results[:3]:
        result += 1.0
    assert [x.tolist() for x in results[:3]] == [[2.0] * 3] * 3
    assert column.tolist() == [1.0] * 3


def test_checks_come_first_and_stop_a_block(monkeypatch):
    """What is checked after all lanes have left is not computed, nor is anything else."""
    monkeypatch.setattr(block_source, "LENGTH", 4)
    code, asked = Code(), []
    x = code.input(False)

    def test(columns):
        asked.append(columns[0].tolist())
        return columns[0] != 5.0

    wave = code.emit("sin", x)
    first = LaneCheck(code.emit("greater", x, 1.0), None, (), True)
    blocks = Blocks(code, [wave], [first, LaneCheck(None, test, (x,), True)])
    (result,), failed = blocks([np.array([0.0, 0.0, 1.0, NAN, 2.0, 0.0, 5.0, 3.0, 4.0])], 9)
    assert asked == [[2.0, 5.0, 3.0], [4.0]]
    assert failed.tolist() == [0, 0, 0, 0, -1, 0, 1, -1, -1]
    assert [result[i] for i in (4, 7, 8)] == [math.sin(x) for x in (2.0, 3.0, 4.0)]
    assert blocks.source.index("greater(") < blocks.source.index("sin(")


@both
def test_checks_of_what_is_the_same_in_all_lanes(backend):
    code = Code()
    x, u = code.input(False), code.input(True)
    checks = [
        LaneCheck(code.emit("less", x, 0.0), None, (), False),
        LaneCheck(None, lambda columns: columns[0][:1] > columns[1][:1], (u, 1.0), True),
        LaneCheck(code.emit("less", u, 3.0), None, (), True),
        LaneCheck(True, None, (), True),
    ]
    blocks, column = CODE[backend](code, [x], checks), np.array([1.0, -1.0])
    for value, expected in ((2.0, [-1, 0]), (0.5, [1, 0]), (4.0, [2, 0])):
        assert blocks([column, value], 2)[1].tolist() == expected
        assert blocks([column[:0], value], 0)[1].tolist() == []
    never = CODE[backend](code, [], [LaneCheck(False, None, (), True)])
    assert never([column, 1.0], 2)[1].tolist() == [0, 0]


def test_where_all_checks_hold_there_is_no_array_of_places():
    code = Code()
    x = code.input(False)
    checks = [LaneCheck(code.emit("less", x, 9.0), None, (), True)]
    checks.append(LaneCheck(None, lambda columns: columns[0] < 9.0, (x,), True))
    failed = Blocks(code, [x], checks)([np.zeros(5)], 5)[1]
    assert failed.strides == (0,)
    assert failed.tolist() == [-1] * 5


@both
def test_a_mask_that_selects_is_still_a_mask(backend):
    code = Code()
    x = code.input(False)
    mask = code.emit("less", x, 2.0)
    chosen = code.emit("select", mask, code.emit("sin", x), code.emit("cos", x))
    results = [chosen, code.emit("select", mask, x, chosen), code.emit("number", mask)]
    checks = [LaneCheck(code.emit("less", y, 9.0), None, (), True) for y in results[:2]]
    blocks = CODE[backend](code, results, [*checks, LaneCheck(mask, None, (), True)])
    (one, other, number), failed = blocks([np.array([0.0, 1.0, 3.0])], 3)
    assert one.tolist() == [0.0, math.sin(1.0), math.cos(3.0)]
    assert other.tolist() == [0.0, 1.0, math.cos(3.0)]
    assert number.tolist() == [1.0, 1.0, 0.0]
    assert failed.tolist() == [-1, -1, 2]
    assert "negative(h0, h0)" not in blocks.source


@pytest.mark.parametrize(
    ("x", "y", "steps"),
    [(NAN, 1, 1), (1, 0.0, 1), (1, NAN, 2), (0.0, 1, 2), (1, 2, 3), (2, -0.0, 3)],
)
def test_selections_take_few_steps(x, y, steps):
    code = Code()
    given = [code.input(False) for _ in range(3)]
    mask = code.emit("less", given[0], 0.0)
    operands = [given[z] if isinstance(z, int) else z for z in (x, y)]
    blocks = Blocks(code, [code.emit("select", mask, *operands)])
    assert blocks.source.count("bitwise_") + blocks.source.count("invert") == steps
    assert blocks.source.count("y2 = ") <= 1
    ((got,), _) = blocks([np.array([-1.0, 1.0]), np.array([2.0, 3.0]), np.array([4.0, 5.0])], 2)
    columns = [-1.0, 1.0], [2.0, 3.0], [4.0, 5.0]
    expected = [columns[z][i] if isinstance(z, int) else z for i, z in enumerate((x, y))]
    assert [*map(bits, got)] == [*map(bits, expected)]


@both
def test_calls_at_the_same_time(backend):
    blocks = lowered(backend, TABLE["betaln"], 2)
    columns = [np.linspace(0.1, 20.0, 20_000) + i for i in range(8)]
    expected = [blocks([x, x], len(x))[0][0].tolist() for x in columns]
    with ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda x: blocks([x, x], len(x))[0][0].tolist(), columns)
    assert [*results] == expected


def test_buffers_are_used_again():
    """As many as there are numbers to keep, not one for each instruction."""
    code = Code()
    x = y = z = w = v = code.input(False)
    same = code.emit("less", code.input(True), 0.0)
    checks = []
    for _ in range(50):
        y = code.emit("sin", code.emit("add", x, y))
        mask = code.emit("less", x, z)
        z = code.emit("select", mask, code.emit("cos", z), code.emit("exp", z))
        later = code.emit("less", x, w)
        w = code.emit("select", later, code.emit("tan", w), code.emit("log", w))
        w = code.emit("add", w, code.emit("number", later))
        v = code.emit("select", same, code.emit("sin", v), code.emit("cos", v))
        checks.append(LaneCheck(code.emit("less", v, 1.0), None, (), True))
    for result, numbers, masks in ((y, 1, 0), (z, 3, 1), (w, 3, 2), (v, 2, 0)):
        source = Blocks(code, [code.emit("exp", result)]).source
        assert f"empty(({numbers}, n), float)" in source
        assert (f"empty(({masks}, n), bool)" in source) == (masks > 0)
    assert "empty((1, n), bool)" in Blocks(code, [], checks).source


def test_blocks_are_shorter_where_there_are_many_buffers():
    code = Code()
    x = code.input(False)
    waves = [code.emit("sin", code.emit("multiply", x, float(i))) for i in range(2, 2000)]
    result = total = 0.0
    for wave in waves:
        total = code.emit("add", total, wave)
    for wave in waves:
        result = code.emit("add", result, code.emit("multiply", total, wave))
    column = np.linspace(0.0, 1.0, 5000)
    blocks = Blocks(code, [result])
    assert "range(0, size, 4196)" in blocks.source
    ((got,), _) = blocks([column], len(column))
    assert got[4999] == blocks([column[4999:]], 1)[0][0][0]
