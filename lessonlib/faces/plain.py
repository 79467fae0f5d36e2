"""Faces turned upright and compared, as short as it can be written: no checks, no options.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np


def alignment(left_eye, right_eye, distance, center):
    """Return the ``(2, 3)`` matrix that sets two eyes level, `distance` apart, around `center`.

    In complex numbers, x + iy, every similarity is z → az + b: a turns and scales, b moves.
    """
    left, right, middle = (complex(*point) for point in (left_eye, right_eye, center))
    a = distance / (right - left)
    b = middle - a * (left + right) / 2
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def cosines(embeddings):
    """Return the cosine of every pair of rows: the rows brought to length 1, times each other."""
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return unit @ unit.T
