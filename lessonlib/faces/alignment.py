"""Faces brought upright, to scale and into place: by two eyes, or by five marks."""

from __future__ import annotations

import numpy as np

from lessonlib._validation import (
    check_integer,
    check_number,
    check_numbers,
    check_rank,
    plain_array,
)
from lessonlib.faces.similarity import Similarity, as_points, fit_similarity

#: Eyes, nose and corners of the mouth of a frontal face, as the picture shows them, x to the right
#: and y downwards from the middle of the eyes, in units of the distance of the eyes. Proportions of
#: a template in common use, made symmetric:
#: https://github.com/deepinsight/insightface/blob/master/python-package/insightface/utils/face_align.py
FACE = ((-0.5, 0.0), (0.5, 0.0), (0.0, 0.571), (-0.414, 1.155), (0.414, 1.155))
#: How far each lies in front of the eyes, in the same unit. An assumption: the course's own.
DEPTH = (0.0, 0.0, 0.45, 0.12, 0.12)


def posed_landmarks(
    yaw: float = 0.0,
    pitch: float = 0.0,
    roll: float = 0.0,
    *,
    eye_dist: float = 70.0,
    center: tuple[float, float] = (112.0, 112.0),
) -> np.ndarray:
    """Return five marks of a simple face, turned in space and seen from far away.

    Parameters
    ----------
    yaw, pitch, roll : float
        Degrees: turning to the side, nodding, and tilting towards a shoulder.
    eye_dist : float, default 70
        Distance of the eyes of the face seen from the front, in pixels.
    center : (float, float), default (112, 112)
        Where the middle of the eyes is, x and y.

    Returns
    -------
    numpy.ndarray of float64, shape (5, 2)
        Left eye, right eye, nose, left and right corner of the mouth, as the picture shows them.

    Raises
    ------
    TypeError, ValueError
        Where an argument is no finite number, or `eye_dist` is not positive.

    Notes
    -----
    Rotation about the middle of the eyes, then parallel projection. Depths are an assumption.
    """
    angles = (
        np.radians(check_number(n, v)) for n, v in (("yaw", yaw), ("pitch", pitch), ("roll", roll))
    )
    (cy, sy), (cp, sp), (cr, sr) = ((np.cos(a), np.sin(a)) for a in angles)
    x, y = np.array(FACE).T
    depth = np.array(DEPTH)
    x, depth = cy * x + sy * depth, cy * depth - sy * x
    y = cp * y - sp * depth
    turned = np.stack([cr * x - sr * y, sr * x + cr * y], axis=1)
    middle = as_points("center", [center])[0]
    return middle + check_number("eye_dist", eye_dist, above=0) * turned


class FaceAligner:
    """Bring faces upright, to one size and to one place.

    Parameters
    ----------
    target_eye_dist : float, default 70
        Distance of the eyes in the aligned picture, in pixels.
    target_center : (float, float), default (112, 112)
        Where the middle of the eyes goes, x and y.

    Raises
    ------
    TypeError, ValueError
        Where the distance is not positive or the centre is no point.

    Notes
    -----
    A similarity corrects the tilt of a head, its size and its place. A head turned to the side or
    nodding is another picture, and no similarity brings it back.
    """

    def __init__(
        self, target_eye_dist: float = 70, target_center: tuple[float, float] = (112, 112)
    ):
        self.target_eye_dist = check_number("target_eye_dist", target_eye_dist, above=0)
        self.target_center = tuple(as_points("target_center", [target_center])[0].tolist())

    @property
    def target_dist(self) -> float:
        """The episode's name of `target_eye_dist`."""
        return self.target_eye_dist

    @property
    def target_cx(self) -> float:
        """The x of `target_center`, as the episode names it."""
        return self.target_center[0]

    @property
    def target_cy(self) -> float:
        """The y of `target_center`, as the episode names it."""
        return self.target_center[1]

    @property
    def template(self) -> np.ndarray:
        """Where the five marks of a frontal face go: ``(5, 2)``, in pixels."""
        return np.array(self.target_center) + self.target_eye_dist * np.array(FACE)

    def compute_alignment(self, left_eye, right_eye) -> tuple[np.ndarray, float, float]:
        """Return the matrix that two eyes determine, with their angle and distance.

        Parameters
        ----------
        left_eye, right_eye : (float, float)
            x and y; left as the picture shows it.

        Returns
        -------
        matrix : numpy.ndarray of float64, shape (2, 3)
        angle : float
            Of the line from the left to the right eye, in degrees, clockwise on the screen.
        distance : float
            In pixels.

        Raises
        ------
        TypeError, ValueError
            Where an eye is no point, or both are in one place.
        """
        eyes = as_points("left_eye, right_eye", [left_eye, right_eye])
        dx, dy = eyes[1] - eyes[0]
        if dx == 0 and dy == 0:
            raise ValueError(f"the eyes must not coincide, both are at {tuple(eyes[0].tolist())}")
        fit = fit_similarity(eyes, self.template[:2])
        return fit.matrix, float(np.degrees(np.arctan2(dy, dx))), float(np.hypot(dx, dy))

    def align_landmarks(self, landmarks) -> Similarity:
        """Fit all five marks by least squares.

        Parameters
        ----------
        landmarks : array_like, shape (5, 2)
            Left eye, right eye, nose, left and right corner of the mouth.

        Returns
        -------
        Similarity
            A large :attr:`Similarity.rms` says that these are not the marks of an upright frontal
            face up to tilt, size and place: eyes swapped, or head turned.

        Raises
        ------
        TypeError, ValueError
            Where they are not five points, or in one place.
        """
        points = as_points("landmarks", landmarks, 5)
        if len(points) != 5:
            raise ValueError(f"landmarks must be five points, got {len(points)}")
        return fit_similarity(points, self.template)

    def apply_affine(self, points, matrix) -> np.ndarray:
        """Map points.

        Parameters
        ----------
        points : array_like, shape (n, 2)
        matrix : array_like, shape (2, 3)

        Returns
        -------
        numpy.ndarray of float64, shape (n, 2)

        Raises
        ------
        TypeError, ValueError
            Where a shape is another or a number is not finite.
        """
        matrix = check_numbers("matrix", matrix).astype(np.float64)
        if matrix.shape != (2, 3) or not np.isfinite(matrix).all():
            raise ValueError(f"matrix must be finite, of shape (2, 3), got shape {matrix.shape}")
        return as_points("points", points) @ matrix[:, :2].T + matrix[:, 2]

    def run(self, seed: int = 42) -> list[dict[str, float | tuple[float, float]]]:
        """Align five drawn faces by their eyes, print a row for each, and return the rows.

        Parameters
        ----------
        seed : int, default 42
            Of the faces: tilted by up to 30 degrees, eyes 40 to 120 pixels apart, their middle
            anywhere from 80 to 160 pixels in both directions.

        Returns
        -------
        list of dict
            "angle_before", "angle_after" in degrees, "distance_before", "distance_after" and
            "center" (x, y) in pixels, the last of the aligned eyes.

        Raises
        ------
        TypeError, ValueError
            Where `seed` is no integer of at least 0.

        Examples
        --------
        >>> rows = FaceAligner().run()  # doctest: +ELLIPSIS
        face  angle/deg   after  distance/px   after  eyes' middle/px
           1      16.44    0.00        75.11   70.00  (112.00, 112.00)
        ...
        >>> len(rows)
        5
        """
        rng = np.random.default_rng(check_integer("seed", seed, minimum=0))
        rows = []
        print("face  angle/deg   after  distance/px   after  eyes' middle/px")
        for face in range(1, 6):
            marks = posed_landmarks(
                roll=rng.uniform(-30, 30),
                eye_dist=rng.uniform(40, 120),
                center=tuple(rng.uniform(80, 160, 2)),
            )
            matrix, angle, distance = self.compute_alignment(marks[0], marks[1])
            left, right = self.apply_affine(marks[:2], matrix)
            _, level, apart = self.compute_alignment(left, right)
            level = round(level, 9) + 0.0  # rounding must not leave a minus before a zero
            x, y = (left + right) / 2
            print(
                f"{face:4}  {angle:9.2f}  {level:6.2f}  {distance:11.2f}  {apart:6.2f}  "
                f"({x:.2f}, {y:.2f})"
            )
            rows.append(
                {
                    "angle_before": angle,
                    "angle_after": level,
                    "distance_before": distance,
                    "distance_after": apart,
                    "center": (float(x), float(y)),
                }
            )
        return rows

    def warp(self, image, matrix, shape: tuple[int, int] = (224, 224)) -> np.ndarray:
        """Move a picture as :meth:`apply_affine` moves points.

        Parameters
        ----------
        image : numpy.ndarray, shape (H, W) or (H, W, 3)
        matrix : array_like, shape (2, 3)
            From picture to aligned picture. Its inverse is looked up for each output pixel.
        shape : (int, int), default (224, 224)
            Of the result.

        Returns
        -------
        numpy.ndarray
            Of the picture's type and range; the edge is repeated outwards.

        Raises
        ------
        TypeError, ValueError
            Where an argument is of another shape, or the matrix has no inverse.
        """
        from skimage.transform import AffineTransform, warp

        image = plain_array("image", image)
        check_rank("image", image, (2, 3), "(H, W) or (H, W, C)")
        if image.dtype.kind not in "uif":
            raise TypeError(f"image must hold numbers, got {image.dtype}")
        matrix = check_numbers("matrix", matrix).astype(np.float64)
        if matrix.shape != (2, 3) or not np.isfinite(matrix).all():
            raise ValueError(f"matrix must be finite, of shape (2, 3), got {matrix.tolist()}")
        if not abs(np.linalg.det(matrix[:, :2])) > 0:
            raise ValueError(
                f"matrix must be invertible, got {matrix.tolist()}, which folds the picture flat"
            )
        move = AffineTransform(matrix=np.vstack([matrix, [0, 0, 1]]))
        # SciPy reads no foreign byte order
        kind = image.dtype.newbyteorder("=") if image.dtype.kind == "f" else np.float64
        out = warp(
            image.astype(kind), move.inverse, output_shape=shape, mode="edge", preserve_range=True
        )
        return (np.rint(out) if image.dtype.kind != "f" else out).astype(image.dtype)
