"""The labels of the nodes of a graph in an explanation, and what is said about each of them."""

import re
from collections import Counter
from collections.abc import Sequence

from autograd.explain.document import Math
from autograd.explain.notation import Numbers, Written, applied
from autograd.expression.lines import Names, leaf_names
from autograd.expression.text import LATEX, TEXT, symbol
from autograd.graph import arguments
from autograd.value import Value

LONGEST = 20
"""How long a formula may be and still stand for a node without a name."""
LONGEST_TITLE = 40


class Labels:
    """The labels of all nodes.

    A name; y for a root without one (f, if something else is called y); for others their formula,
    such as `relu - target`, if that is short; a function that occurs once is called by its own
    name, `relu`.
    """

    def __init__(self, order: Sequence[Value], others: Sequence[Value] = ()) -> None:
        self.number = Numbers()
        nodes = (*order, *others)
        names = Names({"inf", "nan"}, look=symbol)
        leaves = [node for node in nodes if node.op is None]
        titles = {
            node: names.new(node.name[:LONGEST_TITLE])
            for node in sorted(nodes, key=lambda node: node.op is not None)
            if node.name
        }
        titles |= leaf_names([node for node in leaves if not node.name], names)
        taken = set(titles.values())
        letter = next((x for x in "yfgh" if x not in taken), "y")
        for node, wish in ((order[-1], letter), *((x, x.op.name) for x in others if x.op)):
            if node not in titles:
                titles[node] = names.new(wish)
        operations = Counter(node.op for node in order if node not in titles)
        used = set(titles.values())
        self._written: dict[Value, Written] = {}
        for node in nodes:
            if node not in titles and node.op is not None:
                formula = self.formula(node)
                short = len(formula.text.text) <= LONGEST and formula.text.text not in used
                infix = not re.match(r"\w+\(", node.op.text)
                if short and (infix or operations[node.op] > 1):
                    used.add(formula.text.text)
                    self._written[node] = formula
                    continue
                titles[node] = names.new(node.op.name)
            self._written[node] = Written(TEXT.name(titles[node]), LATEX.name(titles[node]))
        self.number.rounded = False  # nothing is shown yet

    def __getitem__(self, operand: Value | float) -> Written:
        """The label of a node; a constant is written as it is."""
        return self._written[operand] if isinstance(operand, Value) else self.number(operand)

    def formula(self, node: Value) -> Written:
        """The formula that a node is computed by."""
        assert node.op is not None
        return applied(node.op, node.operands, [self[x] for x in node.operands])

    def with_numbers(self, node: Value) -> Written:
        """The same, with the numbers of the operands."""
        assert node.op is not None
        data = arguments(node)
        return applied(node.op, data, [self.number(x) for x in data])

    def equation(self, operand: Value | float) -> Math:
        """A node and its value, `z = -3.2`."""
        if isinstance(operand, float):
            return self.number(operand).math()
        (left, left_latex), (right, right_latex) = (
            self[operand].math(),
            self.number(operand.data).math(),
        )
        return Math(f"{left} = {right}", f"{left_latex} = {right_latex}")

    def derivative(self, of: Value, by: Value, partial: bool = False, place: str = "") -> Math:
        """The symbol of a derivative, `dy/dx`; `place` tells two uses of `by` apart."""
        above, below = self[of].atom(), self[by].atom()
        d, latex_d = ("∂", r"\partial ") if partial else ("d", "d")
        if place:
            below = Math(f"{below.text}[{place}]", rf"{{{below.latex}}}_{{\text{{{place}}}}}")
        return Math(
            f"{d}{above.text}/{d}{below.text}",
            rf"\frac{{{latex_d}{above.latex}}}{{{latex_d}{below.latex}}}",
        )
