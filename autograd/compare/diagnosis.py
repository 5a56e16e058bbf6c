"""The diagnosis of a wrong gradient: what is found by relations and by the search for mistakes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from time import perf_counter
from typing import NamedTuple

import numpy as np

from autograd.compare.candidates import Mistakes
from autograd.compare.case import Case
from autograd.compare.findings import Finding, escaped
from autograd.compare.inquiry import COMBINED, CONFUSED, SINGLE, STOPPED, Inquiry
from autograd.compare.judge import Judge
from autograd.compare.relations import Argument, Quantity, Relations
from autograd.compare.rounding import RELATIVE
from autograd.edges import edges
from autograd.quiet import quiet

SECONDS = 5.0
"""How long the search for mistakes takes at most, unless another time is given."""
VAGUE = ("elements", "power")
"""Relations that say less than two mistakes at once do."""
MANY = 4
"""In how many places nobody makes a mistake by chance, if another one in one place explains all."""
MOST_NODES = 20_000
"""How many nodes a graph may have whose numbers are compared with ratios and differences."""


class Diagnosis(NamedTuple):
    """The findings on wrong numbers, and the sentences that tell them."""

    findings: list[Finding]
    words: list[str]


@quiet
def diagnosed(
    cases: Sequence[Case],
    shown: Judge,
    shapes: Mapping[str, tuple[int, ...]],
    seconds: float = SECONDS,
    exact: float = RELATIVE,
) -> Diagnosis:
    """Everything that explains hand-derived numbers at all of some points.

    A single mistake of the classic ones is the best explanation, then constant ratios, then a
    formula that is confused with another, then other relations, then two mistakes at once. Where
    some arguments have a relation of their own, the mistake is looked for in the others.

    Args:
        cases: the numbers at each point.
        shown: the graph whose labels are used.
        shapes: those of the arguments.
        seconds: how long the search takes at most.
        exact: how nearly numbers that are recognized must be met, relative to their size.
    """
    if all(case.right(case.yours) for case in cases):
        return Diagnosis([], [])  # what is wrong is not a derivative of the root
    judges = [shown, *(case.judge for case in cases)]
    inquiry = Inquiry(cases, perf_counter() + seconds)
    if mistakes := inquiry.first(SINGLE):
        if min(map(_extent, mistakes)) >= MANY and (simpler := inquiry.first(STOPPED)):
            mistakes = simpler if min(map(_extent, simpler)) < MANY else mistakes
        found = _mistakes(mistakes, judges)
        return Diagnosis(found, _named(found))
    arguments = _arguments(cases, shapes)
    results = np.array([case.judge.root.data for case in cases])
    quantities = list(_quantities(cases, shown, arguments))
    relations = Relations(arguments, quantities, _constants(cases[0]), exact, results).found()
    facts = [x for x in relations.values() if x and x.kind not in VAGUE]
    if len(facts) < len(relations) or any(x.kind != "multiple" for x in facts):
        if found := _mistakes(inquiry.first(CONFUSED), judges):
            return Diagnosis(found, _named(found))
    left = [name for name, x in relations.items() if x not in facts]
    found = []
    if facts and left:  # a mistake of its own in the other arguments
        columns = [i for i, name in enumerate(cases[0].groups) if name not in map(_of, facts)]
        others = Inquiry([case.only(columns) for case in cases], inquiry.end)
        found = _mistakes(others.first((*SINGLE, *CONFUSED)), judges)
    elif left:
        found = _mistakes(inquiry.first(COMBINED), judges)
    if not found:
        facts += [x for x in relations.values() if x and x.kind in VAGUE]
    facts = _gathered(facts)
    words = [*map(_sentence, facts), *(_named(found) if found else [])]
    if left and not found:
        words.append(_nothing(left if len(left) < len(relations) else [], inquiry.untried))
    return Diagnosis([*facts, *found], words)


def _of(finding: Finding) -> str:
    return finding.argument


def _extent(mistakes: Mistakes) -> int:
    """How many places mistakes are made in, if it is said."""
    words = " ".join(x for mistake in mistakes for x in mistake.where if isinstance(x, str))
    counts = [int(x) for x in re.findall(r"the (\d+) like it", words)]
    return 1 + max(counts, default=0)


def _gathered(facts: Sequence[Finding]) -> list[Finding]:
    """The same relation of several arguments as one."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for x in facts:
        alike.setdefault((x.kind, x.place, x.number, x.template), []).append(x)
    result = []
    for several in alike.values():
        first = several[0]
        if len(several) > 1:
            names = [x.argument for x in several]
            template = first.template.replace(
                "the gradient of {argument}", "each of the gradients of {argument}"
            )
            joined = f"{', '.join(names[:-1])} and {names[-1]}"
            first = Finding(first.kind, joined, first.place, first.number, True, template)
        result.append(first)
    return result


def _sentence(finding: Finding) -> str:
    words = str(finding)
    return f"{words[0].upper()}{words[1:]}."


def _named(found: Sequence[Finding]) -> list[str]:
    """The sentences on the mistakes that explain all the numbers."""
    if len(found) == 1:
        return [f"The mistake: {found[0]}."]
    return ["Each of these mistakes gives the same numbers:", *(f"  {x}" for x in found)]


def _nothing(arguments: Sequence[str], untried: Sequence[str]) -> str:
    """The sentence where no mistake is found: only what was tried is excluded."""
    numbers = f"the gradient of {' and '.join(arguments)}" if arguments else "these numbers"
    if not untried:
        return f"None of the classic mistakes gives {numbers}."
    return (
        f"None of the classic mistakes that were tried gives {numbers}; there was no time for "
        f"{', '.join(untried)} (seconds= allows more)."
    )


def _mistakes(found: Sequence[Mistakes], judges: Sequence[Judge]) -> list[Finding]:
    """One finding for each kind of mistake."""
    first: dict[tuple[str, ...], Mistakes] = {}
    for several in found:
        same = tuple(mistake.kind for mistake in several)
        if same not in first or _extent(several) < _extent(first[same]):
            first[same] = several
    result = []
    for kinds, several in first.items():
        words = [x.kind + x.place(judges) for x in several]
        place = several[0].place(judges) if len(several) == 1 else ""
        kind = "; and ".join(kinds)
        template = escaped("; and ".join(words))
        solved = several[0].solved if len(several) == 1 else ()
        result.append(
            Finding(
                kind,
                "",
                place.strip(" ()"),
                solved[-1] if solved else None,
                len(first) == 1,
                template,
            )
        )
    return result


def _arguments(cases: Sequence[Case], shapes: Mapping[str, tuple[int, ...]]) -> list[Argument]:
    groups = cases[0].groups
    result = []
    for name in dict.fromkeys(groups):
        columns = [i for i, group in enumerate(groups) if group == name]
        shape = shapes.get(name, (len(columns),))
        if int(np.prod(shape)) != len(columns):
            shape = (len(columns),)
        result.append(Argument(name, shape, cases, columns))
    return result


def _constants(case: Case) -> list[float]:
    """The plain numbers that occur in the function, and the counts of what it adds."""
    numbers: dict[float, None] = {}
    for node in case.judge.order:
        if node.op is not None:
            plain = [x for x in node.operands if isinstance(x, float)]
            if len(plain) <= 2:
                numbers |= dict.fromkeys(plain)
            if node.op.arity is None:
                numbers[float(len(node.operands))] = None
    return list(numbers)[:200]


def _quantities(
    cases: Sequence[Case], shown: Judge, arguments: Sequence[Argument]
) -> Iterator[Quantity]:
    """The numbers of the function at each point: of Values, of local derivatives, of adjoints, and
    those of arrays for each element of an argument.
    """
    for argument in arguments:
        if argument.data.shape[1] > 1:
            yield Quantity(argument.name, argument.data, 0)
    order = shown.order
    if len(order) > MOST_NODES:
        return
    places = [shown.places[node] for node in order]
    graphs = [case.judge for case in cases]
    shared = [all(place in judge.nodes for judge in graphs) for place in places]
    labels = shown.labels
    rows = {
        node: [judge.nodes[place] for judge in graphs]
        for node, place, here in zip(order, places, shared, strict=True)
        if here
    }
    for node, nodes in rows.items():
        title = labels[node].text.text
        yield Quantity(title, np.array([x.data for x in nodes]), 0 if node.op is None else 1)
        if node is not shown.root:
            slope = labels.derivative(shown.root, node).text
            adjoints = [judge.number(x) for judge, x in zip(graphs, nodes, strict=True)]
            yield Quantity(slope, np.array(adjoints), 3)
        for edge in edges(node):
            if all(len(x.operands) == len(node.operands) for x in nodes):
                slope = labels.derivative(node, edge.operand).text
                yield Quantity(slope, np.array([x.partials[edge.place] for x in nodes]), 2)
    sizes = {argument.data.shape[1]: argument.shape for argument in arguments}
    for layer in Case(shown, [], [], []).families:
        if not all(node in rows for node in layer):
            continue
        data = np.array([[x.data for x in rows[node]] for node in layer]).T
        first = labels[layer[0]].text.text
        for size, shape in sizes.items():
            if size == len(layer):
                yield Quantity(f"{first}, … (element by element)", data, 1)
            elif len(shape) == 2 and len(layer) == shape[0]:
                yield Quantity(f"{first}, … (row by row)", np.repeat(data, shape[1], axis=1), 1)
            elif len(shape) == 2 and len(layer) == shape[1]:
                yield Quantity(f"{first}, … (column by column)", np.tile(data, (1, shape[0])), 1)
