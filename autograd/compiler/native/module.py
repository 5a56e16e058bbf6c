"""The module of LLVM's around the functions that compute a vector of lanes.

`run` goes through the lanes. It is given the address of a workspace, which begins with the
addresses of all tables, and how many lanes there are. Those that are left over at the end are
copied to tables of their own in the workspace, and their results back. Sums are formed in blocks of
256 lanes, with eight partial sums that are added in pairs, as `autograd.batching.sums` has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from string import Template

from autograd.batching.sums import BLOCK, PARTIAL_SUMS
from autograd.compiler.native.ir import Function

FUNCTIONS = {"run": "pi"}
"""The functions of a module, with their parameters as `Machine.compiled` has them."""
_LINE = 8
"""How many numbers there are in a line of the cache."""


class Module:
    """The text of a module, and what its functions need.

    Args:
        lanes: how many there are in a vector.
        widths: of the tables of lanes.
        given: how many of them are inputs; the others are results.
        before: the functions that compute what is the same in all lanes.
        within: those that compute what is not.
        kernels: the functions of vectors that they call.
        called: what they call from elsewhere, with declarations.
        same: how many numbers are the same in all lanes.
        heap: how many vectors are kept on the heap.
        sums: how many sums there are; None where there are tables of results.
        others: other functions that they call, as text.
    """

    def __init__(
        self,
        lanes: int,
        widths: Sequence[int],
        given: int,
        before: Sequence[Function],
        within: Sequence[Function],
        kernels: Mapping[str, Function],
        called: Mapping[str, str],
        same: int,
        heap: int,
        sums: int | None,
        others: str = "",
    ) -> None:
        self._lanes, self._widths, self._given = lanes, widths, given
        self._asks = any(function.some for function in within)
        spare = lanes * (sum(widths) + 1)
        # Of the workspace. The last two addresses are that of the failures, one for each lane (of
        # sums, two for each of a vector), and that of the sums.
        parts = [len(widths) + 2, same, lanes * heap, spare, PARTIAL_SUMS * (sums or 0)]
        *places, self.size = accumulate([-(-x // _LINE) * _LINE for x in parts], initial=0)
        """How many numbers there are in the workspace."""
        self.same, self.heap = places[1:3]
        """The places of those that are the same in all lanes, and of the heap."""
        alone = len(within) == 1
        taken, back = self._rest(kept=sums is None)
        run = _TABLES
        if sums is not None:
            run = _SUMS.substitute(
                sums=sums, partial=PARTIAL_SUMS * sums, block=BLOCK, failed=16 * lanes
            )
        self.source = _MODULE.substitute(
            declarations="\n".join(called.values()),
            kernels="\n".join([_vector(name, x) for name, x in kernels.items()]),
            others=others,
            before=_defined("before", before, "ptr %same, ptr %heap"),
            within="" if alone else _defined("within", within, _WITHIN),
            first=indented(
                [f"call void @before{i}(ptr %same, ptr %heap)" for i in range(len(before))]
            ),
            each=indented(within[0].lines if alone else _calls(within)),
            lanes=lanes,
            at="%start" if sums is None else "0",
            parts=indented(
                [
                    f"%{name} = getelementptr double, ptr %table, i64 {place}"
                    for name, place in zip(
                        ("same", "heap", "spare", "sums"), places[1:], strict=True
                    )
                ]
            ),
            place_of_failed=len(widths),
            taken=taken,
            their_failed="%spare.failed" if sums is None else "%failed",
            back=back,
            run=run,
            tables=max(1, len(widths)),
            bits=64 * lanes,
        )
        """The text."""

    def _rest(self, kept: bool) -> tuple[str, str]:
        """The lines that copy the lanes that are left over to spare tables, and those that copy
        their results back."""
        taken, back = [], []
        places = accumulate([self._lanes * width for width in self._widths], initial=0)
        for table, (width, place) in enumerate(zip(self._widths, places, strict=False)):
            taken += [
                f"%field{table} = getelementptr ptr, ptr %table, i64 {table}",
                f"%array{table} = load ptr, ptr %field{table}, align 8",
                f"%skipped{table} = mul i64 %rest, {width}",
                f"%from{table} = getelementptr double, ptr %array{table}, i64 %skipped{table}",
                f"%spare{table} = getelementptr double, ptr %spare, i64 {place}",
                f"%bytes{table} = mul i64 %left, {8 * width}",
                f"%place{table} = getelementptr ptr, ptr %others, i64 {table}",
                f"store ptr %spare{table}, ptr %place{table}, align 8",
            ]
            if table < self._given:
                taken += [
                    _FILL.format(to=f"%spare{table}", size=8 * self._lanes * width),
                    _COPY.format(to=f"%spare{table}", of=f"%from{table}", size=f"%bytes{table}"),
                ]
            else:
                back.append(
                    _COPY.format(to=f"%from{table}", of=f"%spare{table}", size=f"%bytes{table}")
                )
        if kept:
            last = self._lanes * sum(self._widths)
            taken.append(f"%spare.failed = getelementptr i64, ptr %spare, i64 {last}")
            if self._asks:
                back += [
                    "%their.failed = getelementptr i64, ptr %failed, i64 %rest",
                    "%failed.bytes = mul i64 %left, 8",
                    _COPY.format(to="%their.failed", of="%spare.failed", size="%failed.bytes"),
                ]
        return indented(taken), indented(back)


def _defined(name: str, functions: Sequence[Function], parameters: str) -> str:
    """The definitions of functions, whose names are numbered."""
    texts = []
    for i, function in enumerate(functions):
        kind, result = ("i1", f"i1 {function.some}") if function.some else ("void", "void")
        texts.append(
            f"define internal {kind} @{name}{i}({parameters}) #0 {{\nentry:\n"
            f"{indented(function.lines)}\n  ret {result}\n}}\n"
        )
    return "\n".join(texts)


def _vector(name: str, function: Function) -> str:
    """The definition of a function of vectors."""
    lines = indented(function.lines)
    given = ", ".join([f"{x.type} {x.name}" for x in function.given_floats])
    kind = function.type("f")
    if function.results > 1:
        kind = f"{{ {', '.join([kind] * function.results)} }}"
    return f"define internal {kind} @vector.{name}({given}) #0 {{\nentry:\n{lines}\n}}\n"


def _calls(within: Sequence[Function]) -> list[str]:
    """The lines that call functions one after the other, until no lane is left."""
    lines = []
    for i, function in enumerate(within):
        if function.some:
            lines += [
                f"%some{i} = call i1 @within{i}({_WITHIN})",
                f"br i1 %some{i}, label %part{i}, label %latch",
                f"part{i}:",
            ]
        else:
            lines.append(f"call void @within{i}({_WITHIN})")
    return lines


def indented(lines: Sequence[str]) -> str:
    """Lines of a function, as one text."""
    return "\n".join([line if line.endswith(":") else f"  {line}" for line in lines])


_WITHIN = (
    "ptr %same, ptr %table, ptr %failed, i64 %start, i64 %at, i64 %phase, i64 %valid, ptr %heap, "
    "ptr %sums"
)
_FILL = "call void @llvm.memset.p0.i64(ptr {to}, i8 0, i64 {size}, i1 false)"
_COPY = "call void @llvm.memcpy.p0.p0.i64(ptr {to}, ptr {of}, i64 {size}, i1 false)"
_MODULE = Template("""\
$declarations
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)

$kernels
$others
$before
$within
define internal void @blocks(ptr noalias %same, ptr noalias %table, ptr noalias %failed, i64 %first,
    i64 %stop, i64 %shift, i64 %valid, ptr noalias %heap, ptr noalias %sums) #0 {
entry:
  br label %loop
loop:
  %start = phi i64 [%first, %entry], [%next, %latch]
  %at = add i64 $at, 0
  %shifted = add i64 %start, %shift
  %phase = and i64 %shifted, 7
$each
  br label %latch
latch:
  %next = add i64 %start, $lanes
  %more = icmp ult i64 %next, %stop
  br i1 %more, label %loop, label %end
end:
  ret void
}

define internal void @span(ptr %same, ptr %table, ptr %failed, i64 %from, i64 %to, ptr %heap,
    ptr %sums, ptr %spare) #0 {
entry:
  %others = alloca [$tables x ptr], align 8
  %count = sub i64 %to, %from
  %left = urem i64 %count, $lanes
  %rest = sub i64 %to, %left
  %any = icmp ult i64 %from, %rest
  br i1 %any, label %main, label %after
main:
  call void @blocks(ptr %same, ptr %table, ptr %failed, i64 %from, i64 %rest, i64 0, i64 $lanes,
    ptr %heap, ptr %sums)
  br label %after
after:
  %some = icmp ne i64 %left, 0
  br i1 %some, label %others.too, label %end
others.too:
$taken
  call void @blocks(ptr %same, ptr %others, ptr $their_failed, i64 0, i64 $lanes, i64 %rest,
    i64 %left, ptr %heap, ptr %sums)
$back
  br label %end
end:
  ret void
}

define void @run(ptr %table, i64 %size) #0 {
entry:
$parts
  %field.failed = getelementptr ptr, ptr %table, i64 $place_of_failed
  %failed = load ptr, ptr %field.failed, align 8
  %field.results = getelementptr ptr, ptr %field.failed, i64 1
  %results = load ptr, ptr %field.results, align 8
$first
$run
}

attributes #0 = { nounwind alignstack=64
  "prefer-vector-width"="$bits" "min-legal-vector-width"="$bits" }
!0 = !{}
""")
_TABLES = """\
  call void @span(ptr %same, ptr %table, ptr %failed, i64 0, i64 %size, ptr %heap, ptr %sums,
    ptr %spare)
  ret void"""
_SUMS = Template("""\
  call void @llvm.memset.p0.i64(ptr %failed, i8 0, i64 $failed, i1 false)
  br label %block
block:
  %from = phi i64 [0, %entry], [%to, %added]
  %result = phi ptr [%results, %entry], [%result.next, %added]
  br label %clear
clear:
  %i = phi i64 [0, %block], [%i.next, %clear]
  %i.sum = getelementptr double, ptr %sums, i64 %i
  store <8 x double> splat (double -0.0), ptr %i.sum, align 8
  %i.next = add i64 %i, 8
  %i.more = icmp ult i64 %i.next, $partial
  br i1 %i.more, label %clear, label %cleared
cleared:
  %to.full = add i64 %from, $block
  %full = icmp ult i64 %to.full, %size
  %to = select i1 %full, i64 %to.full, i64 %size
  call void @span(ptr %same, ptr %table, ptr %failed, i64 %from, i64 %to, ptr %heap, ptr %sums,
    ptr %spare)
  br label %add
add:
  %j = phi i64 [0, %cleared], [%j.next, %add]
  %j.place = mul i64 %j, 8
  %j.sum = getelementptr double, ptr %sums, i64 %j.place
  %x = load <8 x double>, ptr %j.sum, align 8
  %x.even = shufflevector <8 x double> %x, <8 x double> poison,
    <4 x i32> <i32 0, i32 2, i32 4, i32 6>
  %x.odd = shufflevector <8 x double> %x, <8 x double> poison,
    <4 x i32> <i32 1, i32 3, i32 5, i32 7>
  %y = fadd <4 x double> %x.even, %x.odd
  %y.even = shufflevector <4 x double> %y, <4 x double> poison, <2 x i32> <i32 0, i32 2>
  %y.odd = shufflevector <4 x double> %y, <4 x double> poison, <2 x i32> <i32 1, i32 3>
  %z = fadd <2 x double> %y.even, %y.odd
  %z.even = extractelement <2 x double> %z, i64 0
  %z.odd = extractelement <2 x double> %z, i64 1
  %sum = fadd double %z.even, %z.odd
  %j.result = getelementptr double, ptr %result, i64 %j
  store double %sum, ptr %j.result, align 8
  %j.next = add i64 %j, 1
  %j.more = icmp ult i64 %j.next, $sums
  br i1 %j.more, label %add, label %added
added:
  %result.next = getelementptr double, ptr %result, i64 $sums
  %next = icmp ult i64 %to, %size
  br i1 %next, label %block, label %end
end:
  ret void""")
