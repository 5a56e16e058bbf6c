"""LLVM's intermediate language as text: the lines of a function, by calculating with vectors.

All lanes of a vector are calculated at once. Nothing is said of contraction or reassociation, so
that every operation is rounded once, as it is written here, whatever the processor.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TypeAlias

from autograd.batching.sums import PARTIAL_SUMS

_TYPES = {"f": "double", "i": "i64", "m": "i1"}


def _constant(x: float) -> str:
    """A float as it is written in the language: by its bits."""
    return f"0x{struct.unpack('>Q', struct.pack('>d', x))[0]:016X}"


class Function:
    """The lines of a function as they are written.

    Args:
        lanes: how many there are in a vector.
        called: takes the functions from elsewhere, by their names, with the line that declares
            each.
        block: the label of the part that it begins with.
        constant: whether the numbers that it reads one by one stay what they are as it runs.
    """

    given_floats: Sequence[Vector] = ()
    """The parameters, of a function of floats."""
    results = 1
    """How many vectors a function of floats gives back."""
    some = ""
    """The name of what `tell_any` tells."""

    def __init__(
        self, lanes: int, called: dict[str, str], block: str, constant: bool = True
    ) -> None:
        self.lanes = lanes
        self._constant = ", !invariant.load !0" if constant else ""
        self._tables: dict[int, str] = {}
        self._valid: Vector | None = None
        self.lines: list[str] = []
        self.block = block
        """The part of the function that lines are appended to, after which it may branch."""
        self._called = called
        self._count = 0
        self._types = {letter: f"<{lanes} x {name}>" for letter, name in _TYPES.items()}

    def type(self, letter: str) -> str:
        """The type of vectors of floats `f`, of integers `i`, or of truth values `m`."""
        return self._types[letter]

    def _new(self, letter: str, text: str) -> str:
        """A new name for what a line gives."""
        self._count += 1
        name = f"%{letter}{self._count}"
        self.lines.append(f"{name} = {text}")
        return name

    def line(self, text: str, letter: str) -> Vector:
        """Append a line that gives a vector."""
        return Vector(self, self._new(letter, text), letter)

    def given(self, name: str, letter: str = "f") -> Vector:
        """A vector that has a name already."""
        return Vector(self, name, letter)

    def parameters(self, count: int) -> list[Vector]:
        """The parameters of a function of floats."""
        self.given_floats = [self.given(f"%x{place}") for place in range(count)]
        return self.given_floats

    def splat(self, x: float | int, letter: str = "f") -> Vector:
        """The same number in all lanes."""
        text = _constant(x) if letter == "f" else str(int(x))
        return Vector(self, f"splat ({_TYPES[letter]} {text})", letter)

    # --- Single numbers, and memory --------------------------------------------------------------

    def element(self, x: Vector, lane: int) -> str:
        """The name of the number in one lane."""
        return self._new("n", f"extractelement {x.type} {x.name}, i64 {lane}")

    def inserted(self, x: Vector, number: str, lane: int) -> Vector:
        """A vector with another number in one lane."""
        kind = _TYPES[x.letter]
        return self.line(f"insertelement {x.type} {x.name}, {kind} {number}, i64 {lane}", x.letter)

    def every(self, number: str, letter: str = "f") -> Vector:
        """A number in all lanes."""
        first, kind = self.inserted(self.given("poison", letter), number, 0), self.type(letter)
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return self.line(f"shufflevector {kind} {first.name}, {kind} poison, {zeros}", letter)

    def address(self, array: str, place: int | str) -> str:
        """The name of the address of a number in an array."""
        return self._new("p", f"getelementptr double, ptr {array}, i64 {place}")

    def vectors(self, array: str, place: int | str) -> str:
        """The name of the address of a vector in an array."""
        return self._new("p", f"getelementptr {self.type('f')}, ptr {array}, i64 {place}")

    def shorts(self, array: str, place: int | str) -> str:
        """The name of the address of a number in an array of short integers."""
        return self._new("p", f"getelementptr i32, ptr {array}, i64 {place}")

    def pointer(self, address: str) -> str:
        """The name of the address that is kept at another one."""
        return self._new("p", f"load ptr, ptr {address}, align 8, !invariant.load !0")

    def number(self, address: str) -> str:
        """The name of the number at an address."""
        return self._new("n", f"load double, ptr {address}, align 8{self._constant}")

    def vector(self, address: str, letter: str = "f") -> Vector:
        """The numbers from an address on."""
        return self.line(f"load {self.type(letter)}, ptr {address}, align 8", letter)

    def store(self, x: Vector | str, address: str) -> None:
        """Write a number or a vector to an address."""
        what = f"double {x}" if isinstance(x, str) else f"{x.type} {x.name}"
        self.lines.append(f"store {what}, ptr {address}, align 8")

    def index(self, array: str, place: int | str) -> str:
        """The name of a number in an array of short integers."""
        address = self.shorts(array, place)
        short = self._new("n", f"load i32, ptr {address}, align 4, !invariant.load !0")
        return self._new("n", f"zext i32 {short} to i64")

    def table(self, table: int, width: int) -> str:
        """The address of the row of the first lane in a table of such a width."""
        if table not in self._tables:
            field = self._new("p", f"getelementptr ptr, ptr %table, i64 {table}")
            row = "%start" if width == 1 else self.name(f"mul i64 %start, {width}")
            self._tables[table] = self.address(self.pointer(field), row)
        return self._tables[table]

    def gathered(self, start: str, width: int, column: int) -> Vector:
        """A column of a table, given the address of its first row."""
        if width == 1:
            return self.vector(start)
        x = self.given("poison")
        for lane in range(self.lanes):
            x = self.inserted(x, self.number(self.address(start, lane * width + column)), lane)
        return x

    def scatter(self, x: Vector, start: str, width: int, column: int) -> None:
        """Put a vector into a column of a table, given the address of its first row."""
        if width == 1:
            self.store(x, start)
            return
        for lane in range(self.lanes):
            self.store(self.element(x, lane), self.address(start, lane * width + column))

    def add_to(self, place: int | str, x: Vector) -> None:
        """Add a vector to partial sums, in the lanes that there are."""
        address = self.address("%sums", place)
        if self.lanes < PARTIAL_SUMS:
            address = self.address(address, "%phase")
        before = self.vector(address)
        self.store(select(self.valid(), before + x, before), address)

    def valid(self) -> Vector:
        """The lanes that there are: in the last vector, they may be fewer."""
        if self._valid is None:
            places = ", ".join([f"i64 {lane}" for lane in range(self.lanes)])
            count, kind = self.every("%valid", "i"), self.type("i")
            self._valid = self.line(f"icmp ult {kind} <{places}>, {count.name}", "m")
        return self._valid

    def note(self, mask: Vector) -> None:
        """Note in which lanes a mask was true at any time."""
        address, kind = self.address("%failed", self.lanes), self.type("i")
        bits = self.line(f"sext {mask.type} {(mask & self.valid()).name} to {kind}", "i")
        self.store(self.vector(address, "i") | bits, address)

    # --- Functions -------------------------------------------------------------------------------

    def _call(self, name: str, kinds: Sequence[str], result: str, given: str) -> str:
        self._called[name] = f"declare {result} @{name}({', '.join(kinds)})"
        return f"call {result} @{name}({given})"

    def intrinsic(self, name: str, *operands: Vector) -> Vector:
        """The result of one of LLVM's own functions of floats."""
        kind = self.type("f")
        given = ", ".join([f"{kind} {x.name}" for x in operands])
        name = f"llvm.{name}.v{self.lanes}f64"
        return self.line(self._call(name, [kind] * len(operands), kind, given), "f")

    def kernel(self, name: str, operands: Sequence[Vector], count: int = 1) -> list[Vector]:
        """The results of a function of floats that is in the same module."""
        kind = self.type("f")
        given = ", ".join([f"{kind} {x.name}" for x in operands])
        if count == 1:
            return [self.line(f"call {kind} @vector.{name}({given})", "f")]
        kind = f"{{ {', '.join([kind] * count)} }}"
        several = self._new("s", f"call {kind} @vector.{name}({given})")
        return [self.line(f"extractvalue {kind} {several}, {i}", "f") for i in range(count)]

    def give_back(self, xs: Sequence[Vector]) -> None:
        """End with the results of a function of floats."""
        self.results = len(xs)
        if len(xs) == 1:
            self.lines.append(f"ret {xs[0].type} {xs[0].name}")
            return
        kind, several = f"{{ {', '.join([x.type for x in xs])} }}", "poison"
        for i, x in enumerate(xs):
            several = self._new("s", f"insertvalue {kind} {several}, {x.type} {x.name}, {i}")
        self.lines.append(f"ret {kind} {several}")

    def each(self, name: str, operands: Sequence[Vector]) -> Vector:
        """The results of a function of numbers, which is called for every lane."""
        found = self.given("poison")
        for lane in range(self.lanes):
            given = ", ".join([f"double {self.element(x, lane)}" for x in operands])
            call = self._call(name, ["double"] * len(operands), "double", given)
            found = self.inserted(found, self._new("n", call), lane)
        return found

    # --- Branches --------------------------------------------------------------------------------

    def enter(self, label: str) -> None:
        """Begin another part, which the one before goes on with."""
        self.lines += [f"br label %{label}", f"{label}:"]
        self.block, self._valid = label, None

    def name(self, text: str) -> str:
        """The name of what a line gives."""
        return self._new("n", text)

    def repeat(self, count: int | str, body: Callable[[str], None]) -> None:
        """Lines that are run so many times, at least once, given a number that counts from 0."""
        self._count += 1
        i, number, before = f"%i{self._count}", self._count, self.block
        label, again, after = f"repeat{number}", f"again{number}", f"done{number}"
        self.lines += [
            f"br label %{label}",
            f"{label}:",
            f"{i} = phi i64 [0, %{before}], [{i}.next, %{again}]",
        ]
        self.block, valid = label, self._valid
        body(i)
        self.lines += [
            f"br label %{again}", f"{again}:", f"{i}.next = add i64 {i}, 1",
            f"{i}.more = icmp ult i64 {i}.next, {count}",
            f"br i1 {i}.more, label %{label}, label %{after}", f"{after}:",
        ]  # fmt: skip
        self.block, self._valid = after, valid

    def tell_any(self, mask: Vector) -> None:
        """Have the function tell whether a mask is true in any lane."""
        self.some = self._any(mask)

    def _any(self, mask: Vector) -> str:
        bits = self._new("b", f"bitcast {mask.type} {mask.name} to i{self.lanes}")
        return self._new("b", f"icmp ne i{self.lanes} {bits}, 0")

    def _branch(self, mask: Vector, yes: str, no: str, here: str) -> None:
        """Go to one part where a mask is true in any lane, else to another, and begin one."""
        some = self._any(mask)
        self.lines += [f"br i1 {some}, label %{yes}, label %{no}", f"{here}:"]
        self.block = here

    def leave_unless_any(self, mask: Vector, label: str) -> None:
        """Go to another part where a mask is false in all lanes."""
        self._count += 1
        more = f"more{self._count}"
        self._branch(mask, more, label, more)

    def replaced(
        self, xs: Sequence[Vector], mask: Vector, others: Callable[[], Sequence[Vector]]
    ) -> list[Vector]:
        """Vectors with others where a mask is true, computed only if it is anywhere."""
        self._count += 1
        rare, after, before = f"rare{self._count}", f"after{self._count}", self.block
        self._branch(mask, rare, after, rare)
        ys = [select(mask, other, x) for other, x in zip(others(), xs, strict=True)]
        there = self.block
        self.enter(after)
        return [
            self.merged(y, [(before, x.name), (there, y.name)]) for x, y in zip(xs, ys, strict=True)
        ]

    def merged(self, x: Vector, sources: Sequence[tuple[str, str]]) -> Vector:
        """A vector that comes from several parts, given these and its names there."""
        names = ", ".join([f"[{name}, %{block}]" for block, name in sources])
        return self.line(f"phi {x.type} {names}", x.letter)


class Vector:
    """A number in each lane of a vector: what a line gives, or the same constant everywhere."""

    __slots__ = ("function", "letter", "name")

    def __init__(self, function: Function, name: str, letter: str) -> None:
        self.function, self.name, self.letter = function, name, letter

    @property
    def type(self) -> str:
        """The type in LLVM's language."""
        return self.function.type(self.letter)

    def _other(self, x: Vector | float) -> Vector:
        return x if isinstance(x, Vector) else self.function.splat(x, self.letter)

    def _binary(self, name: str, other: Vector | float, letter: str = "") -> Vector:
        text = f"{name} {self.type} {self.name}, {self._other(other).name}"
        return self.function.line(text, letter or self.letter)

    def _operator(self, floats: str, integers: str, other: Vector | float) -> Vector:
        return self._binary(floats if self.letter == "f" else integers, other)

    def __add__(self, other: Vector | float) -> Vector:
        return self._operator("fadd", "add", other)

    def __sub__(self, other: Vector | float) -> Vector:
        return self._operator("fsub", "sub", other)

    def __rsub__(self, other: float) -> Vector:
        return self._other(other) - self

    def __mul__(self, other: Vector | float) -> Vector:
        return self._binary("fmul", other)

    def __truediv__(self, other: Vector | float) -> Vector:
        return self._binary("fdiv", other)

    def __neg__(self) -> Vector:
        return self.function.line(f"fneg {self.type} {self.name}", "f")

    def __abs__(self) -> Vector:
        return self.function.intrinsic("fabs", self)

    def at_most(self, other: Vector | float) -> Mask:
        """Where it is not more than another number."""
        return self._binary("fcmp ole", other, "m")

    def __lt__(self, other: Vector | float) -> Mask:
        return self._binary("fcmp olt", other, "m")

    def __gt__(self, other: Vector | float) -> Mask:
        return self._binary("fcmp ogt", other, "m")

    def __and__(self, other: Vector | int) -> Vector:
        return self._binary("and", other)

    def __or__(self, other: Vector | int) -> Vector:
        return self._binary("or", other)

    def __xor__(self, other: Vector | int) -> Vector:
        return self._binary("xor", other)

    def __lshift__(self, count: int) -> Vector:
        return self._binary("shl", count)

    def __rshift__(self, count: int) -> Vector:
        return self._binary("lshr", count)

    def below(self, other: Vector | int) -> Mask:
        """Where an integer is less than another one; -1 is more than all others."""
        return self._binary("icmp ult", other, "m")

    def equals(self, other: Vector | float) -> Mask:
        """Where two numbers are equal; a nan is not equal to anything."""
        return self._binary("fcmp oeq" if self.letter == "f" else "icmp eq", other, "m")

    def bits(self) -> Integers:
        """The bits of floats as integers."""
        to = self.function.type("i")
        return self.function.line(f"bitcast {self.type} {self.name} to {to}", "i")

    def as_floats(self) -> Floats:
        """The floats that integers are the bits of."""
        to = self.function.type("f")
        return self.function.line(f"bitcast {self.type} {self.name} to {to}", "f")


Floats: TypeAlias = Vector
Integers: TypeAlias = Vector
Mask: TypeAlias = Vector


def fma(x: Floats, y: Floats | float, z: Floats | float) -> Floats:
    """x * y + z, rounded once."""
    return x.function.intrinsic("fma", x, x._other(y), x._other(z))


def nearest(x: Floats) -> Floats:
    """The whole number next to each, the even one of two."""
    return x.function.intrinsic("rint", x)


def select(mask: Mask, x: Vector | float, y: Vector | float) -> Vector:
    """x where the mask is true, otherwise y."""
    function = mask.function
    x, y = [z if isinstance(z, Vector) else function.splat(z) for z in (x, y)]
    text = f"select {mask.type} {mask.name}, {x.type} {x.name}, {y.type} {y.name}"
    return function.line(text, x.letter)


def copysign(x: Floats, sign: Floats) -> Floats:
    """The magnitude of x with the sign of another number."""
    return x.function.intrinsic("copysign", x, sign)


def transposed(rows: Sequence[Vector]) -> list[Vector]:
    """Vectors, as many as there are lanes, of what others have in their first lane, and so on.

    Halves, quarters, ... of the square are swapped across its diagonal (Eklundh 1972).
    """
    found, lanes = [*rows], range(len(rows))
    step = 1
    while step < len(rows):
        for i in lanes:
            if not i & step:
                low = [len(rows) + (x ^ step) if x & step else x for x in lanes]
                high = [len(rows) + x if x & step else x | step for x in lanes]
                pair = found[i], found[i | step]
                found[i], found[i | step] = [_shuffled(*pair, places) for places in (low, high)]
        step *= 2
    return found


def _shuffled(x: Vector, y: Vector, places: Sequence[int]) -> Vector:
    """Lanes of two vectors, those of the second counted on from those of the first."""
    mask = f"<{len(places)} x i32> <{', '.join([f'i32 {place}' for place in places])}>"
    return x.function.line(f"shufflevector {x.type} {x.name}, {y.type} {y.name}, {mask}", x.letter)
