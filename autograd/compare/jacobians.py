"""Functions that return several numbers, with their Jacobians by hand; and Hessians by hand."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograd.compare.arguments import stem
from autograd.compare.case import Grouping
from autograd.compare.checked import Check, Checked, kind_or_none, named, twin
from autograd.compare.judge import Judge
from autograd.compare.keys import Pair, as_float
from autograd.compare.matrices import Parts, filled, of_a_matrix
from autograd.compare.points import Sample
from autograd.derivative import derivative_graphs
from autograd.graph import topological_order
from autograd.notation.numbers import number
from autograd.reals import objects
from autograd.trees import Leaf, Path, flatten, keys, mapped
from autograd.value import Value
from autograd.values import array


class CheckedJacobian(Checked):
    """A function that returns several numbers, its Jacobian by hand, and their arguments."""

    noun = "Jacobian"

    def judge(self, result: Any, leaves: Mapping[str, Any]) -> Judge:
        """The judge of what the function returned."""
        if result is None:
            raise TypeError(f"{self.title} must return numbers, not {kind_or_none(result)}")
        tree = flatten(result, lambda path: f"the result{keys(path)} of {self.title}")
        if not tree.numbers:
            raise ValueError(f"{self.title} must return numbers; it returned {tree.shown()}")
        form = _vector(tree.structure)
        names: list[str] = []

        def name(leaf: Leaf, path: Path) -> None:
            indices = np.ndindex(leaf.shape or ())
            for index in indices:
                key, *rest = [*path, *index] or [self.title]
                start, rest = (self.title, [key, *rest]) if isinstance(key, int) else (key, rest)
                names.append(stem(str(start), rest))

        mapped(name, form)
        return self._joined(form, tree.numbers, names, leaves)

    def _joined(
        self, form: Any, numbers: Sequence[Any], names: Sequence[str], leaves: Mapping[str, Any]
    ) -> Judge:
        """The judge of several numbers at once."""
        taken = {x.name for several in leaves.values() for x in several.flat}
        outputs: list[Value] = []
        for x, name in zip(numbers, names, strict=True):
            name = f"{self.title}.{name}" if name in taken else name
            if any(x is output for output in outputs):
                x = twin(x)
            outputs.append(named(x, name, f"{name}, a result of {self.title}", taken))
            taken.add(outputs[-1].name)
        root = outputs[0] if len(outputs) == 1 else array(outputs).sum()
        return Judge(root, self.tolerance, outputs, form)

    def paired(self, sample: Sample) -> Iterator[tuple[Hashable, Pair, float]]:
        """Every number of the hand-written matrix, with what it is the derivative of."""
        result, others, form = self.returned(sample), {}, sample.judge.form
        inputs = Parts(self.arguments.numbered(self.wrt))
        if isinstance(result, Mapping):
            own = {*inputs, *(form if isinstance(form, dict) else ())}
            if len(inputs) == 1 and isinstance(only := inputs[self.wrt[0]], dict):
                own.update(only)
            others = {key: x for key, x in result.items() if key not in own}
            result = {key: x for key, x in result.items() if key in own}
        what = f"manual's {self.noun}"
        columns = [x for _, leaves in self.parts(sample.leaves, self.wrt) for x in leaves.flat]
        matrix = filled(result, form, inputs, what)
        for i, (of, row) in enumerate(zip(sample.judge.outputs, matrix, strict=True)):
            for j, (wrt, x) in enumerate(zip(columns, row, strict=True)):
                yield (i, j), (of, wrt), as_float(x, what)
        for key, numbers in others.items():
            if isinstance(key, tuple) or len(sample.judge.outputs) == 1:
                yield from self.others(sample, key, numbers)
                continue
            of_each = objects(numbers, what)
            if of_each.shape[:1] != (len(matrix),):
                raise ValueError(f"{what} with respect to {key!r} must have {len(matrix)} rows")
            for output, part in zip(sample.judge.outputs, of_each, strict=True):
                yield from self.others(sample, (output, key), part)

    def groupings(
        self,
        shapes: Mapping[str, tuple[int, ...]],
        rows: Sequence[str],
        columns: Sequence[str],
        arguments: Sequence[str],
        derivatives: Sequence[str],
    ) -> list[Grouping]:
        """The parts of the numbers that may each have a mistake of their own."""
        return of_a_matrix(self.noun, self.title, rows, columns, arguments, derivatives)


class CheckedHessian(CheckedJacobian):
    """A function that returns one number, its Hessian by hand, and their arguments."""

    noun = "Hessian"

    def judge(self, result: Any, leaves: Mapping[str, Any]) -> Judge:
        """The judge of the derivatives of what the function returned."""
        root = self.number(result)
        form = Parts(self.arguments.numbered(self.wrt))
        wrt = [x for _, part in self.parts(leaves, self.wrt) for x in part.flat]
        slopes = derivative_graphs(topological_order(root), {root: 1.0}, wrt)
        labels = [f"d{root.name}/d{x.name}" for x in wrt]
        judge = self._joined(form, slopes, labels, leaves)
        judge.slopes = dict(zip(judge.outputs, [(root, x) for x in wrt], strict=True))
        return judge

    def remarks(self, check: Check) -> Iterator[str]:
        """That it is not symmetric, if it is not."""
        comparison, judge = check.comparison, check.sample.judge
        outputs = {wrt: output for output, (_, wrt) in judge.slopes.items()}
        numbers = dict(comparison.pairs)
        for (of, wrt), yours in numbers.items():
            if of not in judge.slopes or wrt not in outputs:
                continue  # a derivative that was given besides
            other = outputs[wrt], judge.slopes[of][1]
            room = judge.of(of).room(wrt) + judge.of(other[0]).room(other[1])
            if abs(yours - numbers[other]) > room:
                one, two = (
                    f"{comparison.label(*pair)} = {number(numbers[pair])}"
                    for pair in ((of, wrt), other)
                )
                yield f"Your Hessian is not symmetric, as it must be: {one}, but {two}."
                return


def _vector(structure: Any) -> Any:
    """A structure in which a list of single numbers is a vector."""
    plain = isinstance(structure, (list, tuple)) and not hasattr(structure, "_fields")
    if plain and all(isinstance(part, Leaf) and part.shape is None for part in structure):
        return Leaf(0, len(structure), (len(structure),))
    return structure
