"""Functions for whole batches: `vmap`, and the parts that it is made of."""

from autograd.batching.arguments import Batch
from autograd.batching.axes import spread
from autograd.batching.results import arranged, gathered
from autograd.batching.sums import BLOCK, Sums
from autograd.batching.vmap import Vmap, vmap

__all__ = ["BLOCK", "Batch", "Sums", "Vmap", "arranged", "gathered", "spread", "vmap"]
