"""A volume: its voxels, and the matrix that says where in the patient each of them is."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_numbers, check_rank


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels and their place in the patient.

    Parameters
    ----------
    voxels : array_like, shape (Z, Y, X)
        Slices of rows and columns.
    affine : array_like, shape (4, 4)
        Maps (column, row, slice, 1), the indices x, y, z, to millimetres. To the patient's right,
        front and head (RAS) is positive, as in NIfTI; DICOM counts to the left and back (LPS).

    Raises
    ------
    TypeError
        Where there are no real numbers (a colour is none), or they have a unit.
    ValueError
        Where a shape is another, a value is masked, or the matrix is not finite or folds the volume
        flat.
    """

    voxels: np.ndarray
    affine: np.ndarray

    def __post_init__(self) -> None:
        voxels = check_numbers("voxels", self.voxels)
        affine = np.array(check_numbers("affine", self.affine), dtype=np.float64)
        check_rank("voxels", voxels, (3,), "(Z, Y, X)")
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise ValueError(f"affine must be finite, of shape (4, 4), got {affine.tolist()}")
        if not np.array_equal(affine[3], (0, 0, 0, 1)):
            raise ValueError(f"affine must end in a row 0 0 0 1, got {affine[3].tolist()}")
        steps = np.abs(affine[:3, :3]).max(axis=0)
        if not steps.all() or abs(np.linalg.det(affine[:3, :3] / steps)) < 1e-9:
            raise ValueError(f"affine must have three directions, got {affine[:3, :3].tolist()}")
        object.__setattr__(self, "voxels", voxels)
        object.__setattr__(self, "affine", affine)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return self.voxels.shape

    @property
    def spacing(self) -> tuple[float, float, float]:
        """Millimetres from one voxel to the next along z, y and x: between slices first.

        Where axes lean, as with a tilted gantry, a warning says so: their product is no volume.
        """
        steps = self._steps()
        cosines = (self.affine[:3, :3] / steps[::-1]).T @ (self.affine[:3, :3] / steps[::-1])
        lean = np.degrees(np.arcsin(min(1, np.abs(np.triu(cosines, 1)).max())))
        if lean > 0.5:
            warnings.warn(
                f"the axes of this volume lean by {lean:.1f}°: volumes and distances from its "
                f"spacing alone are wrong. A voxel has {abs(np.linalg.det(self.affine[:3, :3])):g} "
                "mm³, and to_mm gives true places",
                stacklevel=2,
            )
        return steps

    def _steps(self) -> tuple[float, float, float]:
        steps = np.linalg.norm(self.affine[:3, :3], axis=0)  # along x, y, z
        return tuple(float(step) for step in steps[::-1])

    @property
    def orientation(self) -> str:
        """Where x, y and z run to: "LPS" is to the left, to the back, to the head."""
        from nibabel.orientations import aff2axcodes

        return "".join(aff2axcodes(self.affine))

    def to_mm(self, index) -> np.ndarray:
        """Return the place of voxels in millimetres.

        Parameters
        ----------
        index : array_like, shape (n, 3)
            Column, row and slice: what ``np.argwhere`` gives, reversed. Fractions are allowed.

        Returns
        -------
        numpy.ndarray of float64, shape (n, 3)
            Towards right, front and head.
        """
        index = np.atleast_2d(check_numbers("index", index).astype(np.float64))
        if index.ndim != 2 or index.shape[1] != 3:
            raise ValueError(f"index must have shape (n, 3), got {index.shape}")
        return index @ self.affine[:3, :3].T + self.affine[:3, 3]

    def __str__(self) -> str:
        size = " × ".join(str(n) for n in self.shape)
        step = " × ".join(f"{s:.3g}" for s in self._steps())
        return f"{size} voxels of {step} mm (z, y, x), {self.orientation}, {self.voxels.dtype}"
