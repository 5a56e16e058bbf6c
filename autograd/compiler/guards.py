"""The questions that a function asked of Values, as conditions on the numbers of a program.

A condition compares two numbers where the question comes down to that: comparisons, also of arrays,
the places of the largest and the smallest, and sorting. Any other question is asked again.
"""

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from autograd.compiler.whole import LARGEST, exact
from autograd.elements import node_of
from autograd.graph import Node
from autograd.questions import Question
from autograd.quiet import quietly
from autograd.reals import boxed, objects

COMPARISONS: dict[Any, str] = {
    operator.lt: "<", np.less: "<", operator.le: "<=", np.less_equal: "<=",
    operator.gt: ">", np.greater: ">", operator.ge: ">=", np.greater_equal: ">=",
    operator.eq: "==", np.equal: "==", operator.ne: "!=", np.not_equal: "!=",
}  # fmt: skip
FINITE = "is finite"


class Requirement(NamedTuple):
    """A question about numbers, and the answer that was recorded."""

    asked: str
    """A comparison, "is finite", or the name of a function."""
    operands: tuple[Any, ...]
    """Values and numbers."""
    answer: Any
    test: Callable[..., bool] | None = None
    """Of a function: whether it still has the same answer for other numbers."""


def conditions(question: Question) -> Iterator[Requirement]:
    """The conditions under which a question has the same answer."""
    asked: Any = question.asked
    options: Mapping[str, Any] = {}
    if isinstance(asked, partial):
        asked, options = asked.func, asked.keywords
    operands = [*map(_unwrapped, question.operands)]
    if asked in COMPARISONS and len(operands) == 2 and not options:
        try:
            pairs = np.broadcast(*map(_array, operands))
        except TypeError:  # with a string or None, say
            pairs = None
        if pairs is not None and all(_number(x) for pair in pairs for x in pair):
            pairs.reset()
            answers = np.broadcast_to(np.asarray(question.answer), pairs.shape)
            for pair, answer in zip(pairs, answers.flat, strict=True):
                yield Requirement(COMPARISONS[asked], pair, bool(answer))
            return
    found = _decomposed(asked, operands, options, question.answer)
    yield from [_again(question, operands)] if found is None else found


def _decomposed(
    asked: Any, operands: Sequence[Any], options: Mapping[str, Any], answer: Any
) -> list[Requirement] | None:
    """The comparisons that a question of NumPy's comes down to; None where it does not."""
    if asked is bool:
        return [Requirement("!=", (operands[0], 0.0), answer)]
    if asked is exact and answer:
        return [
            Requirement("<=", (operands[0], float(LARGEST)), True),
            Requirement(">=", (operands[0], float(-LARGEST)), True),
        ]
    if asked is int and operands[0]._number == answer:
        return [Requirement("==", (operands[0], float(answer)), True)]
    if len(operands) != 1:
        return None
    array = _array(operands[0])
    pairs = [*zip(array.ravel().tolist(), np.ravel(answer).tolist(), strict=False)]
    if asked is np.isnan and not options:
        return [Requirement("!=", (x, x), bool(true)) for x, true in pairs]
    if asked is np.isfinite and not options:
        return [Requirement(FINITE, (x,), bool(true)) for x, true in pairs]
    if asked is np.isinf and not options:
        return [
            Requirement("==" if true else "!=", (x, limit), True)
            for x, true in pairs
            for limit in ((_float(x),) if true else (math.inf, -math.inf))
        ]
    if array.ndim != 1 or options.get("axis") not in (None, 0, -1):
        return None
    rest = options.keys() - {"axis"}
    items = array.tolist()
    if any(_float(x) != _float(x) for x in items):
        return None
    if asked in (np.argmax, np.argmin) and not rest:
        before, after = (">", ">=") if asked is np.argmax else ("<", "<=")
        best = items[answer]
        others = [*enumerate(items)]
        del others[answer]
        return [Requirement(before if i < answer else after, (best, x), True) for i, x in others]
    if asked is np.argsort and rest <= {"kind"}:
        stable = options.get("kind") == "stable"
        steps = [*pairwise(np.asarray(answer).tolist())]
        if not stable and any(_float(items[i]) == _float(items[j]) for i, j in steps):
            return None
        return [
            Requirement("<=" if stable and i < j else "<", (items[i], items[j]), True)
            for i, j in steps
        ]
    return None


def _again(question: Question, operands: Sequence[Any]) -> Requirement:
    """A question that is asked again."""
    found: list[Any] = []
    test = Repeated(question.asked, [_emptied(x, found) for x in operands], question.answer)
    name = getattr(getattr(question.asked, "func", question.asked), "__name__", "a function")
    return Requirement(name.strip("_"), tuple(found), question.answer, test)


class _Numbers(NamedTuple):
    """Stands for a Value, or an array of them, in the operands of a question."""

    start: int
    stop: int
    """Which numbers are in it."""
    shape: tuple[int, ...] | None


class Repeated:
    """A question that is asked again, of other numbers: whether it has the same answer.

    Args:
        asked: the function that answers it.
        operands: what it is given, with `_Numbers` in place of Values.
        answer: the answer.
    """

    def __init__(self, asked: Callable[..., Any], operands: Sequence[Any], answer: Any) -> None:
        self._asked, self._operands, self._answer = asked, operands, answer

    def __call__(self, *numbers: float) -> bool:
        try:
            operands = [_filled(x, numbers) for x in self._operands]
            return _same(quietly(self._asked, *operands), self._answer)
        except Exception:  # for these numbers there is no answer
            return False


def _emptied(operand: Any, found: list[Any]) -> Any:
    """An operand without its Values, which are appended to `found`."""
    start = len(found)
    if isinstance(operand, Node):
        found.append(operand)
        return _Numbers(start, start + 1, None)
    if isinstance(operand, (list, tuple)):
        return type(operand)([_emptied(part, found) for part in operand])
    if isinstance(operand, np.ndarray) and operand.dtype == object:
        found.extend(operand.ravel().tolist())
        return _Numbers(start, len(found), operand.shape)
    return operand


def _filled(operand: Any, numbers: Sequence[float]) -> Any:
    """An operand with numbers in place of its Values."""
    if type(operand) is _Numbers:
        if operand.shape is None:
            return numbers[operand.start]
        found = np.array(numbers[operand.start : operand.stop], dtype=np.float64)
        return found.reshape(operand.shape)
    if isinstance(operand, (list, tuple)):
        return type(operand)([_filled(part, numbers) for part in operand])
    return operand


def _same(answer: Any, other: Any) -> bool:
    if isinstance(answer, (list, tuple)):
        return len(answer) == len(other) and all(map(_same, answer, other))
    if isinstance(answer, np.ndarray):
        other = np.asarray(other)
        return answer.shape == other.shape and bool(np.all((answer == other) | (answer != answer)))
    return bool(answer == other or (answer != answer and other != other))


def _unwrapped(operand: Any) -> Any:
    """The operand with the Values that integers stand for."""
    if isinstance(operand, (list, tuple)):
        return type(operand)(map(_unwrapped, operand))
    if isinstance(operand, np.ndarray):
        if operand.dtype != object:
            return operand
        items = [node_of(x) for x in operand.ravel().tolist()]
        return np.fromiter(items, object, len(items)).reshape(operand.shape)
    return node_of(operand)


def _array(operand: Any) -> np.ndarray[Any, Any]:
    if isinstance(operand, np.ndarray):
        return np.asarray(operand)
    return objects(operand, "") if isinstance(operand, (list, tuple)) else boxed(operand)


def _number(item: Any) -> bool:
    if isinstance(item, (int, np.integer)):
        return exact(int(item))
    return isinstance(item, (Node, float, np.floating, np.bool_))


def _float(item: Any) -> float:
    return float(getattr(item, "_number", item))


def not_nan(order: Iterable[Node], known: Mapping[Node, bool]) -> Iterator[Requirement]:
    """Conditions under which the same nodes are nan as were when derivatives were recorded.

    Where a node is a number, so is every operand that it would hand a nan on from: only those nodes
    are asked that nothing else tells of.

    Args:
        order: nodes in topological order.
        known: for the nodes that were differentiated, whether each is not nan.
    """
    implied: set[Node] = set()
    for node in reversed([*order]):
        if node not in known or node.op is None:
            continue
        operands = [x for x in node.operands if isinstance(x, Node)]
        if known[node]:
            if node not in implied:
                yield Requirement("==", (node, node), True)
            if node.op.hands_on(node.operands):
                implied.update(operands)
        else:  # undefined, or with a nan among its operands
            for x in (node, *operands):
                yield Requirement("==", (x, x), x._number == x._number)
