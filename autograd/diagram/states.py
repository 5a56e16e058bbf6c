"""Several states of one computation, such as those of a training."""

from collections.abc import Sequence

from autograd.diagram.lesson import MOST_STEPS, Lesson, teachable
from autograd.diagram.steps import Step


def require_states(states: Sequence[Sequence[Step]], lesson: Lesson) -> None:
    """Refuse states that are not of the same computation as the first, which a lesson is about.

    Raises:
        ValueError: if they are not, or if they have other gradients than those of one backward
            pass, or if only some have gradients.
    """
    first, *_ = states
    for count, state in enumerate(states, 1):
        if (difference := _different(first, state)) is not None:
            raise ValueError(f"state {count} is not of the same computation: {difference}")
        if any(x.grad for x in state) != any(x.grad for x in first):
            raise ValueError(f"either state {count} or state 1 has no gradients: see backward()")
        if not lesson.shows(state):
            raise ValueError(
                f"state {count} has other gradients than those of one backward(): set them to 0 "
                "before it"
            )


def require_teachable(state: int, order: Sequence[Step], roots: int) -> None:
    """Refuse a state that has no lesson.

    Raises:
        ValueError: if it has none.
    """
    if not teachable(order, roots):
        raise ValueError(
            f"state {state} cannot be stepped through: it has several roots, more than "
            f"{MOST_STEPS:,} steps, or marks"
        )


def _different(steps: Sequence[Step], others: Sequence[Step]) -> str | None:
    """The first difference between two computations, whatever their numbers, in words."""
    if len(steps) != len(others):
        return f"it has {len(others):,} steps, not {len(steps):,}"
    places = [{step: place for place, step in enumerate(order)} for order in (steps, others)]
    for count, (step, other) in enumerate(zip(steps, others, strict=True), 1):
        if step.name != other.name:
            return f"step {count} is called {other.name!r}, not {step.name!r}"
        operations = [x.op.name if x.op else "a leaf" for x in (step, other)]
        if step.op is not other.op:
            return f"step {count} is {operations[1]}, not {operations[0]}"
        used = [
            [x if isinstance(x, float) else place[x] for x in each.operands]
            for each, place in zip((step, other), places, strict=True)
        ]
        if repr(used[0]) != repr(used[1]):
            return f"step {count}, {operations[0]}, has other operands"
    return None
