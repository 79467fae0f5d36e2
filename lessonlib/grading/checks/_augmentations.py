"""Whether the five images that `AugmentationValidator.augment` returns are what it asks for.

Elastic deformation and noise are measured on ramps of 128 x 128
pixels under 4 seeds, so that a pixel's change tells how far it moved. A right answer fails with a
probability of less than 1e-7 altogether:

* displacement: standard deviation 30 / (2 sqrt(pi) 4) = 2.116 px. Over 1200 simulated gradings
  the estimate scatters by 0.052 (2.5 %; nearest-neighbour rounding shifts it by +0.02); allowed is
  1.78 to 2.47, 6.4 scatters away. Correlation at a distance of 4 px: exp(-4^2 / (4 sigma^2)) =
  0.779, scatter 0.008, allowed 0.70 to 0.83 (6.5). Mean 0, scatter 0.095 px, allowed 0.65 (6.8).
  Correlation of the two axes: scatter 0.043, allowed 0.3 (7). Two-sided normal tails: 4e-10.
* noise: 65 536 draws. Their standard deviation scatters by 0.05 / sqrt(2 n) = 0.00014, allowed is
  0.0485 to 0.0515 (10 scatters); their mean by 0.0002, allowed 0.0015 (7); their kurtosis by
  sqrt(24 / n) = 0.02, allowed 2.8 to 3.2 (10); neighbours' correlation by 0.004, allowed 0.05
  (12). The ramps keep 5 standard deviations away from 0 and 1, so that clipping does not matter.
* rotation: the angle to 0.3 degrees, 5.5 scatters of the least precise way, see `_angle`: 4e-8.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lessonlib.grading.compare import expect_same
from lessonlib.grading.exercise import Mistake


def judge_flip(image, got, called) -> None:
    expect_same(
        got,
        image[:, ::-1],
        f'{called}["horizontal_flip"]',
        hint="Mirror left and right, pixel by pixel.",
        mistakes=[
            (image[::-1], "This is a vertical flip: the axes are swapped, columns are axis 1."),
            (image[::-1, ::-1], "This is turned by 180 degrees: mirror axis 1 only."),
            (image, "The image is unchanged."),
        ],
    )


def judge_brightness(image, got, called) -> None:
    expect_same(
        got,
        np.clip(1.2 * image, 0, 1),
        f'{called}["brightness"]',
        hint="Multiply by 1.2, then clip to [0, 1].",
        mistakes=[
            (1.2 * image, "The clip is forgotten: bright pixels exceed 1."),
            (np.clip(image + 0.2, 0, 1), "This adds 0.2; brightness times 1.2 is asked."),
            (image + 0.2, "This adds 0.2; brightness times 1.2, clipped, is asked."),
            (
                1.2 * image / max((1.2 * image).max(), 1e-9),
                "This rescales to the maximum; clip instead.",
            ),
        ],
    )


def judge_rotation(image, got, called) -> None:
    """Compare a central disc, which no border reaches, with rotations, and measure the angle."""
    called = f'{called}["rotation"]'
    centre = (np.array(image.shape) - 1) / 2
    inner = np.hypot(*(np.indices(image.shape) - centre[:, None, None])) < min(centre) - 4
    angles = (0, 5, 8, 10, 12, 15, 20, 30, 45, 90)
    errors = {}
    for angle in sorted({sign * angle for angle in angles for sign in (-1, 1)}):
        errors[angle] = np.abs(got - _turned(image, angle))[inner].mean()
    best = min(errors, key=errors.get)
    angle, shift = _angle(image, got, best, inner)
    if errors[best] < 0.05 and abs(abs(angle) - 10) < 0.3 and shift < 1.2:
        return
    hint = "Turn about the centre of the image, by an angle in degrees."
    if errors[best] < 0.05 and abs(abs(angle) - 10) >= 0.3:
        hint = (
            "The image is not rotated."
            if abs(angle) < 1
            else f"The image is turned by about {abs(angle):.3g} degrees."
        )
    elif np.abs(got - image[::-1])[inner].mean() < 1e-6:
        hint = "This is a vertical flip."
    raise Mistake(
        called,
        f"an image that differs from the rotated one by {errors[10]:.3f} on average",
        "the image turned by 10 degrees, either sense",
        hint,
        {"expected": _turned(image, 10), "returned": got},
    )


def _turned(image: np.ndarray, angle: float) -> np.ndarray:
    return ndimage.rotate(image, angle, reshape=False, order=1, mode="nearest")


def _angle(image, got, near: float, inner) -> tuple[float, float]:
    """Return the angle and the shift in pixels of a rotation by about `near`, by least squares.

    Over 400 images and all interpolations the angle scatters by at most 0.054 degrees (truncated
    coordinates; 0.3 are allowed, 5.5 scatters); a centre half a pixel off shifts by less than 0.2
    pixels, truncated coordinates by 0.76 (1.2 are allowed).
    """
    turned = _turned(image, near)
    slopes = [_turned(image, near + 0.5) - _turned(image, near - 0.5), *np.gradient(turned)]
    columns = np.stack([slope[inner] for slope in slopes], axis=1)
    change, down, across = np.linalg.lstsq(columns, (got - turned)[inner], rcond=None)[0]
    return near + float(change), float(np.hypot(down, across))


def judge_displacement(fields: np.ndarray, called: str) -> None:
    """Judge displacements in pixels, shape (seeds, axes, H, W)."""
    spread, mean = fields.std(), fields.mean()
    axes = f"{fields[:, 0].std():.2f} px along rows, {fields[:, 1].std():.2f} px along columns"
    expected = "a displacement of mean 0 and standard deviation 2.12 px along either axis"
    if abs(mean) > 0.65:
        hint = "Smooth N(0, 1) noise: its mean is 0, that of uniform noise in [0, 1) is 0.5."
        raise Mistake(called, f"a mean displacement of {mean:.2f} px", expected, hint)
    if spread < 0.2:
        hint = (
            "Hardly anything moves: add 30 times the smoothed noise to each pixel's coordinates, "
            "in pixels, not in fractions of the image."
        )
        raise Mistake(called, f"a displacement of {axes}", expected, hint)
    if fields[:, 0].std() < 0.3 or fields[:, 1].std() < 0.3:
        hint = "Both axes are displaced, each by a field of its own."
        raise Mistake(called, f"a displacement of {axes}", expected, hint)
    common = np.mean(fields[:, 0] * fields[:, 1]) / spread**2
    if abs(common) > 0.3:
        raise Mistake(
            called,
            f"displacements along the two axes that correlate by {common:.2f}",
            "an independent field for each axis",
            "Draw and smooth new noise for the second axis.",
        )
    z = (fields - mean) / spread
    lag = (np.mean(z[..., 4:, :] * z[..., :-4, :]) + np.mean(z[..., 4:] * z[..., :-4])) / 2
    sigma = np.inf if lag >= 1 else 2 / np.sqrt(-np.log(max(lag, 1e-6)))
    alpha = spread * 2 * np.sqrt(np.pi) * sigma
    measured = f"a displacement like that of alpha {alpha:.0f} and sigma {sigma:.0f} ({axes})"
    expected = "alpha=30, sigma=4: a standard deviation of 2.12 px along either axis"
    if not 0.70 < lag < 0.83:
        hint = "Is sigma the 4 pixels of the Gaussian filter?"
        if lag < 0.2:
            hint = "The noise is not smoothed: neighbouring pixels must move together."
        raise Mistake(called, measured, expected, hint)
    if not 1.78 < spread < 2.47:
        hint = "Is alpha=30 multiplied onto the smoothed noise, in pixels?"
        if 0.5 < spread / 2.116 < 0.65:
            hint = "This is what uniform noise in [-1, 1] gives; N(0, 1) is asked."
        raise Mistake(called, measured, expected, hint)


def judge_noise(noise: np.ndarray, called: str) -> None:
    spread, mean = noise.std(), noise.mean()
    expected = "additive noise of mean 0 and standard deviation 0.05"
    measured = f"noise of mean {mean:.4f} and standard deviation {spread:.4f}"
    if noise.std(axis=(1, 2)).max() < 1e-4:
        raise Mistake(called, measured, expected, "Every pixel gets its own draw.")
    if abs(mean) > 0.0015 or not 0.0485 < spread < 0.0515:
        hint = "N(0, 0.05) has mean 0 and standard deviation 0.05."
        if abs(spread - 0.05**2) < 0.0005:
            hint = "The variance is passed for sigma: 0.05 is the standard deviation already."
        elif 0.18 < spread < 0.24:
            hint = "0.05 is taken for the variance: it is the standard deviation, do not root it."
        elif abs(spread - 0.05 / np.sqrt(3)) < 0.002:
            hint = "This is what uniform noise in [-0.05, 0.05] gives; normal noise is asked."
        raise Mistake(called, measured, expected, hint)
    kurtosis = np.mean(((noise - mean) / spread) ** 4)
    neighbours = np.mean(noise[..., 1:] * noise[..., :-1]) / spread**2
    if not 2.8 < kurtosis < 3.2:
        raise Mistake(called, f"noise of kurtosis {kurtosis:.2f}", "normal noise, kurtosis 3", "")
    if abs(neighbours) > 0.05:
        raise Mistake(
            called,
            f"noise that correlates by {neighbours:.2f} between neighbouring pixels",
            "an independent draw for every pixel",
        )
