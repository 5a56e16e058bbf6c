"""Which mistakes in a hand-derived gradient are found: here, by SciPy, and by PyTorch.

Every mistake of the dictionary is made in every example where it changes the gradient, and others
that have no name: an element that is off by a thousandth, by a millionth. The rivals are told one
point, as they are used, and their defaults decide. Of the rest of the dictionary, a few mistakes of
each kind are made in each example.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import scipy.optimize
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from corpus import EXAMPLES

from autograd import Value, check_gradient, values
from autograd.compare.candidates import Mistakes
from autograd.compare.case import Case, Grouping
from autograd.compare.classic import mistaken
from autograd.compare.inquiry import COMBINED, CONFUSED, SINGLE, Tier
from autograd.compare.judge import Judge
from autograd.compare.mistakes import Mistake

OF_EACH = 4
"""How many mistakes of each tier are made in each example."""


def several(result):
    return list(result) if isinstance(result, tuple) else [result]


def graph_at(example, point):
    leaves = [values(x, f"a{i}_") if np.ndim(x) else Value(x, f"a{i}") for i, x in enumerate(point)]
    root = example.function(*leaves)
    flat = [
        x for leaf in leaves for x in (leaf.ravel() if isinstance(leaf, np.ndarray) else [leaf])
    ]
    groups = [f"a{i}" for i, leaf in enumerate(leaves) for _ in range(np.size(leaf))]
    judge = Judge(root)
    pairs = [(root, x) for x in flat]
    return Case(judge, pairs, [Grouping("gradient", groups)], [judge.number(x) for x in flat])


def shaped(numbers, point):
    result, at = [], 0
    for x in point:
        part = np.array(numbers[at : at + np.size(x)])
        result.append(part.reshape(np.shape(x)) if np.ndim(x) else float(part[0]))
        at += np.size(x)
    return tuple(result)


def planted(example) -> dict[Mistake | str, Callable]:
    """Hand-written gradients with one mistake each."""
    wrong = {}
    for mistake in mistaken(graph_at(example, example.arguments)):

        def manual(*point, mistake=mistake):
            numbers = mistaken(graph_at(example, point))
            return shaped(numbers[mistake], point)

        wrong[mistake] = manual
    for index, argument in enumerate(example.arguments):
        for element in np.ndindex(np.shape(argument)):
            for factor in (1.001, 1.0 + 1e-6):

                def manual(*point, index=index, element=element, factor=factor):
                    result = [np.array(x, dtype=float) for x in several(example.manual(*point))]
                    result[index][element] *= factor
                    return tuple(result)

                wrong[f"{index} {element} {factor}"] = manual
    return wrong


def changes(example, manual) -> bool:
    """Whether a mistake changes the gradient, at any of some points."""
    random = np.random.default_rng(1)
    for _ in range(12):
        point = [
            x
            * np.exp(0.5 * random.normal(size=np.shape(x)))
            * random.choice([1, 1, -1], np.shape(x))
            for x in example.arguments
        ]
        point = [x if np.ndim(x) else float(x) for x in point]
        with np.errstate(all="ignore"):
            pairs = zip(several(manual(*point)), several(example.manual(*point)), strict=True)
            if any(np.any(abs(a - b) > 1e-9 * (abs(a) + abs(b))) for a, b in pairs):
                return True
    return False


def accused_by_scipy(example, manual) -> bool:
    """What `check_grad` returns, held against a threshold: it leaves the verdict to its user."""

    def unflattened(flat):
        point, at = [], 0
        for x in example.arguments:
            part = flat[at : at + np.size(x)]
            point.append(part.reshape(np.shape(x)) if np.ndim(x) else float(part[0]))
            at += np.size(x)
        return point

    def function(flat):
        return float(example.function(*unflattened(flat)))

    def gradient(flat):
        return np.concatenate([np.ravel(x) for x in several(manual(*unflattened(flat)))])

    start = np.concatenate([np.ravel(x) for x in example.arguments])
    return bool(scipy.optimize.check_grad(function, gradient, start) > 1e-6)


def accused_by_torch(example, manual) -> bool:
    """The verdict of `gradcheck` with its default tolerances."""

    class Checked(torch.autograd.Function):
        @staticmethod
        def forward(context, *tensors):
            context.save_for_backward(*tensors)
            return torch.tensor(float(example.function(*as_numpy(tensors))), dtype=torch.float64)

        @staticmethod
        def backward(context, upstream):
            result = several(manual(*as_numpy(context.saved_tensors)))
            return tuple(upstream * torch.tensor(x, dtype=torch.float64) for x in result)

    def as_numpy(tensors):
        arrays = [x.detach().numpy() for x in tensors]
        return [x if x.ndim else float(x) for x in arrays]

    inputs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in example.arguments]
    return not torch.autograd.gradcheck(Checked.apply, inputs, raise_exception=False)


def test_planted_mistakes(report):
    made = here = named = alone = nameless = scipys = torches = 0
    for example in EXAMPLES.values():
        for mistake, manual in planted(example).items():
            if not changes(example, manual):
                continue
            made += 1
            outcome = check_gradient(example.function, manual, *example.arguments)
            here += not outcome.passed
            scipys += accused_by_scipy(example, manual)
            torches += accused_by_torch(example, manual)
            if isinstance(mistake, Mistake):
                words = " ".join(str(outcome).split())
                named += mistake.kind in words
                alone += f"The mistake: {mistake.kind}" in words
            else:
                nameless += 1
    work = f"{made} mistakes, found"
    report(work, "check_grad", f"{here}", f"= {made}", here == made, f"{here}", f"{scipys}")
    report(work, "gradcheck", f"{here}", f"= {made}", here == made, f"{here}", f"{torches}")
    with_name = made - nameless
    for what, count, target in (("named", named, 0.95), ("named alone", alone, 0.8)):
        share = count / with_name
        fields = f"{share:.1%}", f">= {target:.0%}", share >= target, f"{share:.1%}", ""
        report(f"{with_name} mistakes with a name, {what}", "", *fields)
    assert here == made


def numbers_at(example, point, tier: Tier, several: Mistakes):
    """The gradient with some mistakes; not a number where they cannot be made."""
    case = graph_at(example, point)
    for mistakes, numbers in tier.candidates(case, {several: None}):
        if mistakes == several:
            return shaped(numbers(), point)
    return shaped(case.ours, point)


def made(example, tier: Tier) -> Iterator[tuple[Mistakes, object]]:
    """Some of the mistakes of a tier, each with a gradient by hand in which it is made."""
    every = [x for x, _ in tier.candidates(graph_at(example, example.arguments), None) if x]
    random = np.random.default_rng(0)
    count = 0
    for index in random.permutation(len(every)):

        def manual(*point, several=every[index]):
            return numbers_at(example, point, tier, several)

        if count < OF_EACH and changes(example, manual):
            count += 1
            yield every[index], manual


def test_planted_mistakes_of_each_tier(report):
    total = np.zeros(3, int)
    for tier in (*SINGLE, *CONFUSED, *COMBINED):
        counts = np.zeros(3, int)
        for example in EXAMPLES.values():
            for several, manual in made(example, tier):
                outcome = check_gradient(example.function, manual, *example.arguments)
                kinds = [str(x) for x in outcome.findings]
                wanted = [x.kind for x in several]
                found = any(all(kind in x for kind in wanted) for x in kinds)
                counts += [1, bool(kinds), found]
        total += counts
        tried, explained, named = counts
        report(
            tier.what,
            f"{tried} made",
            f"{explained} explained, {named} by that name",
            "",
            None,
            "",
            "",
        )
    tried, explained, named = total
    share = explained / tried
    report("all tiers", f"{tried} made", f"{share:.1%} explained", ">= 90%", share >= 0.9,
           f"{share:.1%}", f"{named / tried:.1%}")  # fmt: skip
    assert share >= 0.9


def test_false_alarms(report):
    points, alarms = 0, 0
    for example in EXAMPLES.values():
        outcome = check_gradient(
            example.function, example.manual, *example.arguments, samples=800, seed=3
        )
        points += 800
        alarms += not outcome.passed
    scipys = sum(accused_by_scipy(x, x.manual) for x in EXAMPLES.values())
    torches = sum(accused_by_torch(x, x.manual) for x in EXAMPLES.values())
    count = len(EXAMPLES)
    report(
        f"right gradients accused, {points} points",
        "",
        str(alarms),
        "= 0",
        not alarms,
        str(alarms),
        "",
    )
    report(
        f"right gradients accused, {count} points", "check_grad", "0", "", None, "0", str(scipys)
    )
    report(
        f"right gradients accused, {count} points", "gradcheck", "0", "", None, "0", str(torches)
    )
    assert not alarms


def test_time_of_a_check(benchmark, report):
    example = EXAMPLES["neuron, 3 inputs"]
    assert benchmark(lambda: check_gradient(example.function, example.manual, *example.arguments))
    if benchmark.stats is not None:
        time = benchmark.stats.stats.median
        text = f"{time * 1e3:.3g} ms"
        report("a check of the neuron, 10 points", "", text, "<= 50 ms", time <= 0.05, text, "")
