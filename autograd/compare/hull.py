"""Whether several numbers together lie between others: in the convex hull of some points."""

import numpy as np
from numpy.typing import NDArray

from autograd.compare.rounding import RELATIVE

NEGLIGIBLE = RELATIVE**1.5
"""How small a remainder in the search for a solution may be and still count as 0."""

Array = NDArray[np.float64]


def in_hull(point: Array, corners: Array, room: Array) -> bool:
    """Whether a point is a weighted mean of some corners, with weights of at least 0.

    Args:
        point: of shape (n,).
        corners: of shape (m, n).
        room: how far each coordinate may be off, of shape (n,).
    """
    corners = np.unique(corners, axis=0)
    scale = np.maximum(np.abs(corners).max(axis=0), np.abs(point))
    scale[scale == 0.0] = 1.0
    matrix = np.vstack([(corners / scale).T, np.ones(len(corners))])
    target = np.append(point / scale, 1.0)
    off = np.abs(matrix @ _nonnegative(matrix, target) - target)
    return bool(np.all(off <= np.append(room / scale, 0.0) + RELATIVE))


def _nonnegative(matrix: Array, target: Array) -> Array:
    """The least-squares solution without negative elements.

    C. L. Lawson and R. J. Hanson, Solving Least Squares Problems, 1974, chapter 23.
    """
    solution = np.zeros(matrix.shape[1])
    free = np.zeros(matrix.shape[1], dtype=bool)
    for _ in range(3 * matrix.shape[1]):
        slope = np.where(free, -np.inf, matrix.T @ (target - matrix @ solution))
        if slope.max() <= NEGLIGIBLE:
            break
        free[slope.argmax()] = True
        while True:
            trial = np.zeros_like(solution)
            trial[free] = np.linalg.lstsq(matrix[:, free], target, rcond=None)[0]
            leaving = free & (trial <= 0.0)
            if not leaving.any():
                break
            share = np.min(solution[leaving] / (solution[leaving] - trial[leaving]))
            solution += share * (trial - solution)
            free &= solution > NEGLIGIBLE
        solution = trial
    return solution
