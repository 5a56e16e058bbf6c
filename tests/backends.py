"""Code run by each of the backends, with columns in and out."""

import numpy as np

from autograd.compiler.backends import LLVM, NUMPY
from autograd.compiler.blocks import Blocks
from autograd.compiler.native.blocks import NativeBlocks
from autograd.compiler.shapes import Shapes

BACKENDS = [LLVM, NUMPY]


class NativeColumns:
    """Native code as a function of columns, as `Blocks` is."""

    def __init__(self, code, results, checks=()):
        if isinstance(code, Shapes):
            self._same = [x in code.uniform for x in code.inputs]
        else:
            self._same = [code.instructions[x.place].uniform for x in code.inputs]
        given = tuple([(1, not same) for same in self._same])
        self._blocks = NativeBlocks(code, given, results, [1] * len(results), checks)
        self.source = self._blocks.source

    def __call__(self, columns, size):
        tables = [
            np.array([x]) if same else np.reshape(x, (size, 1))
            for x, same in zip(columns, self._same, strict=True)
        ]
        results, failed = self._blocks(tables, size)
        return [x[:, 0] if x.ndim == 2 else float(x[0]) for x in results], failed


CODE = {LLVM: NativeColumns, NUMPY: Blocks}
