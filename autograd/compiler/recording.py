"""One call of a function with Values in place of its numbers, recorded as a program."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from autograd.compiler.arguments import changed, copied, named, title, with_values
from autograd.compiler.guards import Requirement, conditions, not_nan
from autograd.compiler.program import Program
from autograd.compiler.results import Result, result
from autograd.derivative import has_values
from autograd.freshness import require_fresh
from autograd.graph import Node, sort
from autograd.questions import Question, listening, unheard
from autograd.quiet import quietly
from autograd.record import new_era, older_leaf
from autograd.sealing import sealed
from autograd.silence import recorded
from autograd.trace import Function, name_of, of_values


class Unrecordable(Exception):  # noqa: N818, it is no error
    """The operation of one's own that a function uses, which has no form in a program."""


class Recording(NamedTuple):
    """A program, and what belongs to it."""

    program: Program
    result: Result
    outside: list[Node]
    """The Values that the function found elsewhere: inputs of the program after its own."""
    returned: list[float]
    """The outputs as they were computed while it was recorded."""


class RecordedCall:
    """A call of a function with Values in place of its numbers.

    Args:
        fun: the function.
        args: positional arguments.
        kwargs: named ones.
        numbers: of the arguments, as `arguments.collected` has them.
        fixed_ints: whether integers are fixed.
        signature: of the function, for the names of inputs.

    Raises:
        TypeError: for arguments that cannot be recorded, as `arguments.with_values` does.
    """

    def __init__(
        self,
        fun: Function,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        numbers: Sequence[float],
        fixed_ints: bool,
        signature: Any,
    ) -> None:
        self.name = name_of(fun)
        self._fun, self._count, self._keywords = fun, len(args), [*kwargs]
        self._arguments = named(args, kwargs, signature)
        self.given, self.leaves, self.names = with_values(
            self._arguments,
            numbers,
            fixed_ints,
            lambda path: f"{title(path)}, an argument of {self.name},",
        )

    def __call__(self) -> Any:
        values = [*self.given.values()]
        by_name = dict(zip(self._keywords, values[self._count :], strict=True))
        with of_values(self.name):
            return self._fun(*values[: self._count], **by_name)

    def result(self, returned: Any) -> Result:
        """The result in what it returned; arguments that are handed on may be anything."""
        items = self._arguments.values()
        return result(returned, self.name, lambda x: any(x is y for y in items))


@recorded
def evaluated(call: RecordedCall) -> Result:
    """The result of a function itself, called with Values as it is to be recorded."""
    with unheard():
        return call.result(quietly(call))


@recorded
def record(call: RecordedCall) -> Recording:
    """Record a call of a function.

    Raises:
        Unrecordable: if the function uses an operation of one's own.
        Exception: what the function raises; a RuntimeError where it changes an argument, or does
            something else that is not recorded.
    """
    with unheard():
        return quietly(_recorded, call)


def _recorded(call: RecordedCall) -> Recording:
    before = copied(call.given)
    heard: list[Question] = []
    era = new_era()
    with listening(heard.append), sealed(call.name):
        returned = call()
    if (place := changed(before, call.given)) is not None:
        raise RuntimeError(
            f"{call.name} changes its argument {title(place)} in place, which compiled code cannot "
            f"repeat: make a copy and change that, {place[0]} = {place[0]}.copy(), or return a new "
            "one"
        )
    return _assembled(call, era, heard, call.result(returned))


def _assembled(call: RecordedCall, era: int, heard: Sequence[Question], found: Result) -> Recording:
    """The program of what was recorded."""
    leaves = call.leaves
    differentiated: dict[Node, bool] = {}
    asked: list[tuple[Requirement, str, int]] = []
    for question in heard:
        if question.asked is has_values:
            nodes: Any = question.operands[0]
            answers: Any = question.answer
            differentiated.update(zip(nodes, answers, strict=True))
        else:
            asked += [(x, question.file, question.line) for x in conditions(question)]
    roots = [x for condition, *_ in asked for x in condition.operands]
    roots += [*differentiated, *found.numbers]
    order = sort(*[x for x in roots if isinstance(x, Node)], first=leaves)
    for node in order:
        if node.op is not None and not node.op.own:
            raise Unrecordable(node.op.name)
    outside = [x for x in order[len(leaves) :] if x.op is None and older_leaf([x], era)]
    if outside:
        require_fresh(order)
    asked += [(x, "", 0) for x in not_nan(order, differentiated)]
    titles = [x.name or f"outside{place}" for place, x in enumerate(outside)]
    program = Program([*call.names, *titles], [*leaves, *outside])
    kept = [x for condition, *_ in asked for x in condition.operands] + found.numbers
    program.extend(sort(*[x for x in kept if isinstance(x, Node)], first=[*leaves, *outside]))
    for condition, file, line in asked:
        program.guard(condition, file, line)
    program.finish(found.numbers)
    return Recording(program, Result(found.structure, []), outside, plain(found.numbers))


def plain(numbers: Iterable[Any]) -> list[float]:
    """Values and constants as the numbers that they are."""
    return [x._number if isinstance(x, Node) else float(x) for x in numbers]
