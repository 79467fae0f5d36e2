"""Bring every face upright, to scale and into place by its two eyes.

Two points are enough to fix a rotation, a scale and a shift. Find the 2x3 matrix that brings a
pair of eyes to a standard place, and apply it to other points. Points are pairs (x, y) of pixels,
x to the right and y downwards. No method changes its arguments.
"""

import numpy as np


class FaceAligner:
    """Bring the eyes of any face to one place, `target_eye_dist` apart."""

    def __init__(self, target_eye_dist=70, target_center=(112, 112)):
        self.target_eye_dist = target_eye_dist
        self.target_center = target_center

    def compute_alignment(self, left_eye, right_eye):
        """Part compute_alignment: (M, angle, distance) of two eyes, each a pair (x, y).

        M, shape (2, 3), is the similarity without reflection that maps the eyes onto a level line,
        the left eye on the left, `target_eye_dist` apart, their midpoint on `target_center`. The
        angle is atan2(dy, dx) in degrees of the step from the left eye to the right one; the
        distance is its length in pixels. Eyes that coincide raise a ValueError.
        """
        # Your code here. Stuck? lessonlib hint FaceAligner compute_alignment
        raise NotImplementedError("part compute_alignment: rotate, scale, shift")

    def apply_affine(self, points, M):
        """Part apply_affine: the points, shape (n, 2), mapped by the matrix M, shape (2, 3)."""
        # Your code here. Stuck? lessonlib hint FaceAligner apply_affine
        raise NotImplementedError("part apply_affine: multiply and shift")
