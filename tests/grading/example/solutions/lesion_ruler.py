"""Measure a lesion in millimetres.

A mask counts pixels, a report is read in millimetres, and a pixel need not be square. No method
changes its arguments.
"""

import math

import numpy as np


class LesionRuler:
    """Measure masks on a grid of known spacing."""

    def area(self, mask, spacing):
        """Part area: the area in mm^2 of a boolean mask, shape (H, W).

        The spacing is a pair: millimetres from row to row, and from column to column.
        """
        # solution:begin part area: from pixels to square millimetres
        down, across = spacing
        return float(np.count_nonzero(mask) * down * across)
        # solution:end

    def equivalent_diameter(self, area):
        """Part equivalent_diameter: the diameter in mm of the disc that has this area in mm^2."""
        # solution:begin part equivalent_diameter: solve the area of a disc for its diameter
        return 2 * math.sqrt(area / math.pi)
        # solution:end
