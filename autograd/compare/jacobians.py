"""Functions that return several numbers, with their Jacobians by hand; and Hessians by hand."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.compare.arguments import kind_or_none, stem, walk
from autograd.compare.case import Grouping, Titles
from autograd.compare.checked import Check, Checked, members, named, twin
from autograd.compare.judge import Judge
from autograd.compare.keys import Pair, as_float, resolved
from autograd.compare.matrices import Parts, of_a_matrix, readings
from autograd.compare.points import Sample
from autograd.derivative import derivative_graphs
from autograd.graph import topological_order
from autograd.notation.numbers import number
from autograd.reals import objects
from autograd.trees import Tree, flatten, keys
from autograd.value import Value
from autograd.values import array


class CheckedJacobian(Checked):
    """A function that returns several numbers, its Jacobian by hand, and their arguments."""

    noun = "Jacobian"
    form: Any = None
    """The structure of the result, at the first point."""
    reading: int | None = None
    """Which of the ways to read what manual returns is taken, if there are several."""

    def judge(self, result: Any, leaves: Mapping[str, Any]) -> Judge:
        """The judge of what the function returned."""
        if result is None:
            raise TypeError(f"{self.title} must return numbers, not {kind_or_none(result)}")
        tree = flatten(result, lambda path: f"the result{keys(path)} of {self.title}")
        if not tree.numbers:
            raise ValueError(f"{self.title} must return numbers; it returned {tree.shown()}")
        names = []
        for path, leaf in walk(tree.structure):
            for index in np.ndindex(leaf.shape or ()):
                key, *rest = [*path, *index] or [self.title]
                whole = isinstance(key, int)  # there is no key but the name of the function
                names.append(
                    stem(self.title, [key, *rest]) if whole else stem(str(key), rest, str(key))
                )
        return self._joined(tree.structure, tree.numbers, names, leaves)

    def _joined(
        self, form: Any, numbers: Sequence[Any], names: Sequence[str], leaves: Mapping[str, Any]
    ) -> Judge:
        """The judge of several numbers at once."""
        arguments = members(leaves)
        taken = {x.name for x in arguments}
        outputs: list[Value] = []
        for x, name in zip(numbers, names, strict=True):
            name = f"{self.title}.{name}" if name in taken else name
            if any(x is output for output in outputs):
                x = twin(x)
            outputs.append(named(x, name, f"{name}, a result of {self.title}", arguments, taken))
            taken.add(outputs[-1].name)
        root = outputs[0] if len(outputs) == 1 else array(outputs).sum()
        return Judge(root, self.tolerance, outputs, form)

    def paired(self, sample: Sample) -> Iterator[tuple[Hashable, Pair, float]]:
        """Every number of the hand-written matrix, with what it is the derivative of."""
        judge, what = sample.judge, f"manual's {self.noun}"
        self.form = self.form or judge.form
        if judge.form != self.form:
            at = self.arguments.described(sample.point)
            now, given = (Tree([], form).shown() for form in (judge.form, self.form))
            raise ValueError(f"{self.title} returned {given} at first, but {now} at {at}")
        result, others = self.returned(sample), {}
        inputs = Parts(self.arguments.numbered(self.wrt))
        if isinstance(result, Mapping):
            own = {*inputs, *(self.form if isinstance(self.form, dict) else ())}
            if len(inputs) == 1 and isinstance(only := inputs[self.wrt[0]], dict):
                own.update(only)
            if not own.isdisjoint(result):
                others = {key: x for key, x in result.items() if key not in own}
                result = {key: x for key, x in result.items() if key in own}
        columns = [x for _, leaves in self.parts(sample.leaves, self.wrt) for x in leaves.flat]
        matrix = self._read(result, inputs, judge, columns)
        for i, (of, row) in enumerate(zip(judge.outputs, matrix, strict=True)):
            for j, (wrt, x) in enumerate(zip(columns, row, strict=True)):
                yield (i, j), (of, wrt), float(x)
        for key, numbers in others.items():
            if isinstance(key, tuple) or len(judge.outputs) == 1:
                yield from self.others(sample, key, numbers)
                continue
            resolved(key, judge.names)
            of_each = objects(numbers, what)
            if of_each.shape[:1] != (len(matrix),):
                raise ValueError(f"{what} with respect to {key!r} must have {len(matrix)} rows")
            for output, part in zip(judge.outputs, of_each, strict=True):
                yield from self.others(sample, (output, key), part)

    def _read(
        self, result: Any, inputs: Parts, judge: Judge, columns: Sequence[Value]
    ) -> NDArray[np.float64]:
        """The matrix that manual returned; where it can be read in several ways, in the one in
        which it is nearest to the right one at the first point.
        """
        what = f"manual's {self.noun}"
        matrices = [
            np.array([[as_float(x, what) for x in row] for row in matrix]).reshape(matrix.shape)
            for matrix in readings(result, self.form, inputs, what)
        ]
        if self.reading is None and len(matrices) > 1:
            right = [[judge.of(of).number(wrt) for wrt in columns] for of in judge.outputs]
            near = [int(np.isclose(matrix, right).sum()) for matrix in matrices]
            self.reading = near.index(max(near))
        return matrices[min(self.reading or 0, len(matrices) - 1)]

    def groupings(self, titles: Titles) -> list[Grouping]:
        """The parts of the numbers that may each have a mistake of their own."""
        return of_a_matrix(self.noun, self.title, titles)


class CheckedHessian(CheckedJacobian):
    """A function that returns one number, its Hessian by hand, and their arguments."""

    noun = "Hessian"

    def judge(self, result: Any, leaves: Mapping[str, Any]) -> Judge:
        """The judge of the derivatives of what the function returned."""
        root = self.number(result, leaves)
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
