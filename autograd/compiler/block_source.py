"""The source of a function that runs code by NumPy, block by block.

The first letter of a name says where a number is: `b` is a buffer, `x` the block of an input and
`s` that of a result, `u` a number and `t` a truth value that are the same in all lanes, `k` a
constant and `m` a mask. The bits of b, x, s, u as integers are i, y, z, v; those of m are h.

To select lane by lane, bits are combined, which takes the same time whatever the masks are: NumPy's
own functions go lane by lane and wait for every mask that the processor has not foreseen.
"""

import keyword
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeGuard

from autograd.compiler.instructions import CALLS, Instruction, Ref, Slot, key
from autograd.compiler.schedule import LaneCheck, ordered

LENGTH = 8192
"""How many lanes there are in a block. A call of NumPy's takes about as long as 2000 additions, and
the buffers, of 64 KiB each, should not leave the cache; longer blocks are hardly faster."""
SHORTEST, MOST = 256, 2**23
"""Blocks are shorter, down to so many lanes, where the buffers would hold more numbers: 64 MiB."""
_BITS = {"b": "i", "x": "y", "s": "z", "u": "v", "m": "h"}


def function_name(name: str) -> str:
    """The name of the function of an instruction, as `and`, `or` and `not` cannot be names."""
    return f"_{name}" if keyword.iskeyword(name) else name


class _Pool:
    """Buffers of one kind, which are used again."""

    def __init__(self, letter: str) -> None:
        self._letter, self.count = letter, 0
        self._free: list[str] = []

    def take(self) -> str:
        if self._free:
            return self._free.pop()
        self.count += 1
        return f"{self._letter}{self.count - 1}"

    def give(self, name: str) -> None:
        self._free.append(name)

    def names(self, letter: str) -> str:
        return "".join([f"{letter}{i}, " for i in range(self.count)]).rstrip()


class Writer:
    """The lines of the function, with a name for each number."""

    def __init__(
        self,
        instructions: Sequence[Instruction],
        results: Sequence[Ref],
        checks: Sequence[LaneCheck],
    ) -> None:
        self._instructions, self._results, self._checks = instructions, results, checks
        self._numbers, self._masks = _Pool("b"), _Pool("m")
        self._names: dict[Slot, str] = {}
        self._bits: set[str] = set()
        self._wide: dict[Slot, str] = {}  # masks as buffers of integers, all bits 0 or 1
        self._constants: dict[str, str] = {}
        self._before: list[str] = []
        self._within: list[str] = []
        self._last: dict[Slot, int] = {}
        self._last_selection: dict[Ref, int] = {}
        self._arrays: dict[Slot, str] = {}
        for ref in results:
            if self._in_lanes(ref) and self._instruction(ref).operands:
                self._arrays.setdefault(ref, f"r{len(self._arrays)}")
        self._write()

    def _instruction(self, slot: Slot) -> Instruction:
        return self._instructions[slot.place]

    def _in_lanes(self, ref: Ref) -> TypeGuard[Slot]:
        """Whether it differs from lane to lane."""
        return isinstance(ref, Slot) and not self._instruction(ref).uniform

    # --- The order -------------------------------------------------------------------------------

    def _write(self) -> None:
        order = ordered(self._instructions, self._results, self._checks)
        for time, item in enumerate(order):
            refs = self._checks[item].refs if isinstance(item, int) else self._operands(item)
            self._last |= dict.fromkeys([x for x in refs if isinstance(x, Slot)], time)
            if isinstance(item, Slot) and self._instruction(item).name == "select":
                self._last_selection[refs[0]] = time
        for time, item in enumerate(order):
            if isinstance(item, int):
                self._check(item, self._checks[item])
                self._free(self._checks[item].refs, time)
            elif self._instruction(item).uniform:
                self._same(item)
            else:
                self._lane(item, time)

    def _operands(self, slot: Slot) -> tuple[Ref, ...]:
        return self._instruction(slot).operands

    def _dying(self, ref: Ref, time: int) -> bool:
        """Whether it is in a buffer that nothing reads any more."""
        return self._in_lanes(ref) and self._last[ref] == time and self._name(ref)[0] in "bm"

    def _free(self, refs: Iterable[Ref], time: int, but: str = "") -> None:
        for name in {self._name(x) for x in refs if self._dying(x, time)} - {but}:
            (self._masks if name[0] == "m" else self._numbers).give(name)

    # --- The lines -------------------------------------------------------------------------------

    def _name(self, ref: Ref) -> str:
        if isinstance(ref, Slot):
            return self._names[ref]
        text = repr(ref) if isinstance(ref, bool) or math.isfinite(ref) else f'float("{ref}")'
        return self._constant(f"array({text})")

    def _constant(self, text: str) -> str:
        return self._constants.setdefault(text, f"k{len(self._constants)}")

    def _bits_of(self, ref: Ref) -> str:
        """The name of the bits of a number."""
        if isinstance(ref, Slot):
            return self._bits_at(self._names[ref])
        return self._constant(f"{self._name(ref)}.view(int64)")

    def _bits_at(self, name: str) -> str:
        bits = _BITS[name[0]] + name[1:]
        if name[0] in "xsu" and name not in self._bits:
            self._bits.add(name)
            lines = self._before if name[0] == "u" else self._within
            lines.append(f"{bits} = {name}.view(int64)")
        return bits

    def _same(self, slot: Slot) -> None:
        """A line for what is the same in all lanes, before them."""
        name, operands, mask, _ = self._instruction(slot)
        self._names[slot] = own = f"{'t' if mask else 'u'}{slot.place}"
        given = [*map(self._name, operands)]
        match name:
            case "input":
                return
            case "select":
                value = f"{given[1]} if {given[0]} else {given[2]}"
            case "number":
                value = f"array(float({given[0]}))"
            case _ if name in CALLS:
                value = f"array({name}({', '.join([f'{x}.item()' for x in given])}))"
            case _:
                value = f"array({function_name(name)}({', '.join(given)}))"
        self._before.append(f"{own} = {value}")

    def _lane(self, slot: Slot, time: int) -> None:
        """The lines for what differs from lane to lane."""
        name, operands, mask, _ = self._instruction(slot)
        if name == "input":
            self._names[slot] = f"x{slot.place}"
            self._within.append(f"x{slot.place} = taken(c{slot.place}[lanes])")
            return
        own = ""
        if slot in self._arrays:
            array = self._arrays[slot]
            own = f"s{array[1:]}"
            self._within.append(f"{own} = {array}[lanes]")
        if name == "select":
            self._names[slot] = self._select(own, operands, time)
            return
        given = [*map(self._name, operands)]
        self._free(operands, time)  # the result may be put in the place of one of them
        self._names[slot] = own = own or (self._masks if mask else self._numbers).take()
        match name:
            case "number":
                self._within.append(f"copyto({own}, {given[0]})")
            case _ if name in CALLS:
                self._within.append(f"each({', '.join([name, own, *given])})")
            case _:
                self._within.append(f"{function_name(name)}({', '.join([*given, own])})")

    def _select(self, own: str, operands: tuple[Ref, ...], time: int) -> str:
        """One of two numbers in every lane; returns where they are."""
        mask, x, y = operands
        dying = {z: self._name(z) for z in (x, y) if self._dying(z, time)}
        if not self._in_lanes(mask):
            own = own or next(iter(dying.values()), "") or self._numbers.take()
            names = [*map(self._name, operands)]
            self._within.append(f"copyto({own}, {names[1]} if {names[0]} else {names[2]})")
            self._free(operands, time, own)
            return own
        wide = self._widened(mask, time)
        if self._last_selection[mask] == time:
            dying[mask] = wide
        steps: list[tuple[str, ...]]
        places: tuple[Ref, ...]  # where the result may be put, if nothing else reads them
        nans = [isinstance(z, float) and z != z for z in (x, y)]
        zeros = [key(z) == key(0.0) for z in (x, y)]
        if nans[0]:  # all bits are 1
            steps, places = [("bitwise_or", "y", "mask")], (y, mask)
        elif zeros[1]:
            steps, places = [("bitwise_and", "x", "mask")], (x, mask)
        elif nans[1]:
            steps, places = [("invert", "mask"), ("bitwise_or", "own", "x")], (mask,)
        elif zeros[0]:
            steps, places = [("bitwise_and", "y", "mask"), ("bitwise_xor", "own", "y")], (mask,)
        else:
            steps, places = [
                ("bitwise_xor", "x", "y"), ("bitwise_and", "own", "mask"),
                ("bitwise_xor", "own", "y"),
            ], (x,)  # fmt: skip
        own = own or next((dying[z] for z in places if z in dying), "") or self._numbers.take()
        bits = {"own": self._bits_at(own), "mask": self._bits_at(wide)}
        for function, *names in steps:
            given = [bits[z] if z in bits else self._bits_of(x if z == "x" else y) for z in names]
            self._within.append(f"{function}({', '.join([*given, bits['own']])})")
        if mask in dying and wide != own:
            self._numbers.give(wide)
        self._free(operands, time, own)
        return own

    def _widened(self, mask: Slot, time: int) -> str:
        """A buffer with all bits of a lane 1 where the mask is true, and 0 elsewhere."""
        if mask not in self._wide:
            narrow = self._name(mask)
            spare = narrow if self._dying(mask, time) else self._masks.take()
            self._wide[mask] = self._numbers.take()
            self._within += [
                f"negative({self._bits_at(narrow)}, {self._bits_at(spare)})",
                f"copyto({self._bits_at(self._wide[mask])}, {self._bits_at(spare)})",
            ]
            if spare != narrow:
                self._masks.give(spare)
        return self._wide[mask]

    def _check(self, index: int, check: LaneCheck) -> None:
        """Lines for a check: the block is done where it leaves no lane."""
        given = [self._name(x) for x in check.refs]
        arguments = f"lanes, {index}, {check.expected}"
        if check.mask is None:
            condition = f"failed.ask({', '.join([arguments, f'test{index}', *given])})"
        else:
            differs = f"{given[0]} != {check.expected}"
            if self._in_lanes(check.mask):
                differs = f"count({given[0]}) != {'n' if check.expected else '0'}"
            condition = f"{differs} and failed.leave({arguments}, {given[0]})"
        self._within += [f"if {condition}:", "    continue"]

    # --- The whole -------------------------------------------------------------------------------

    def source(self, inputs: Sequence[Slot]) -> str:
        """The whole source."""
        uniform = [self._instruction(x).uniform for x in inputs]
        names = [f"{'u' if u else 'c'}{x.place}" for x, u in zip(inputs, uniform, strict=True)]
        lines = [
            *([f"{', '.join(names)}, = columns"] if names else []),
            *[f"{name} = array(float({name}))" for name in names if name[0] == "u"],
            *self._before,
            *[f"{array} = empty(size)" for array in self._arrays.values()],
            "failed = Failed(size)",
            *(self._loop() if self._within else []),
            f"return [{', '.join(self._returned())}], failed.places()",
        ]
        constants = [f"{name} = {text}" for text, name in self._constants.items()]
        return "\n".join(
            [*constants, "", "def run(columns, size):", *[f"    {line}" for line in lines], ""]
        )

    def _loop(self) -> list[str]:
        """The lines that go through the blocks, the last of which may be shorter."""
        buffers, names = [], []
        for pool, kind, letter, integer in (
            (self._numbers, "float", "b", "int64"), (self._masks, "bool", "m", "int8")
        ):  # fmt: skip
            if pool.count:
                array = f"{kind}s"
                buffers.append(f"{array} = empty(({pool.count}, n), {kind})")
                names.append(f"{pool.names(letter)} = {array}[:, :n]")
                names.append(f"{pool.names(_BITS[letter])} = {array}[:, :n].view({integer})")
        length = min(LENGTH, max(SHORTEST, MOST // max(1, self._numbers.count)))
        return [
            f"n = min(size, {length})",
            *buffers,
            *names,
            f"for start in range(0, size, {length}):",
            f"    stop = min(start + {length}, size)",
            "    if stop - start < n:",
            "        n = stop - start",
            *[f"        {line}" for line in names],
            "    lanes = slice(start, stop)",
            *[f"    {line}" for line in self._within],
        ]

    def _returned(self) -> Iterator[str]:
        """The expressions for the results, each an array of its own."""
        seen: set[Ref] = set()
        for ref in self._results:
            if not self._in_lanes(ref):
                yield f"{self._name(ref)}.item()"
            elif ref not in self._arrays:
                yield f"array(c{ref.place})"
            else:
                yield self._arrays[ref] + (".copy()" if ref in seen else "")
                seen.add(ref)
