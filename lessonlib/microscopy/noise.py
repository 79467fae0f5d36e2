"""Light counted one photon at a time: a camera's noise, read off one image of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import check_integer, check_number
from lessonlib.evaluation import Interval
from lessonlib.microscopy.camera import NoiseModel
from lessonlib.microscopy.segmentation import check_picture

#: Half-width of a normal distribution that holds 95%.
_Z = 1.959963984540054


@dataclass(frozen=True, eq=False)
class NoiseFit:
    """Variance against brightness in one image, and the straight line through it.

    Attributes
    ----------
    mean : numpy.ndarray of float64, shape (bins,)
        Brightness in counts, darkest first.
    variance : numpy.ndarray of float64, shape (bins,)
        Variance of the noise there, in counts squared.
    pixels : numpy.ndarray of int64, shape (bins,)
        How many pixels each rests on.
    gain : lessonlib.evaluation.Interval
        Slope: counts for a photon. It may be negative by chance, or because the image is no raw
        image.
    intercept : lessonlib.evaluation.Interval
        Variance at brightness 0, in counts squared: read noise squared less gain times offset.
    """

    mean: np.ndarray
    variance: np.ndarray
    pixels: np.ndarray
    gain: Interval
    intercept: Interval

    def model(self, offset: float) -> NoiseModel:
        """Return the camera, given what it writes in the dark.

        One image shows a line, and a line has two numbers: the third has to come from elsewhere,
        from a frame taken with the shutter closed or from the camera's data sheet.

        Parameters
        ----------
        offset : float
            In counts.

        Returns
        -------
        NoiseModel
            A read noise whose square came out below 0 is 0.

        Raises
        ------
        ValueError
            Where the slope is not positive: no light was seen in the noise.
        """
        offset = check_number("offset", offset)
        gain = self.gain.value
        if gain <= 0:
            raise ValueError(
                f"gain must be positive to build a camera, the fit gave {gain:g}: the noise does "
                "not grow with the light, so this is no raw image of a photon-limited camera"
            )
        return NoiseModel(gain, offset, float(np.sqrt(max(0, self.variance_at(offset)))))

    def variance_at(self, mean: float) -> float:
        """Return the fitted line at one brightness, in counts squared.

        Parameters
        ----------
        mean : float
            Brightness in counts.

        Returns
        -------
        float
        """
        return self.gain.value * check_number("mean", mean) + self.intercept.value

    def __str__(self) -> str:
        return f"variance = {self.gain:.3g} × mean + {self.intercept:.3g}"


def _blocks(pixels: np.ndarray) -> np.ndarray:
    """Return the 2 × 2 blocks of a plane, ``(rows, columns, 4)``: a, b / c, d."""
    height, width = (side // 2 * 2 for side in pixels.shape)
    cut = pixels[:height, :width].reshape(height // 2, 2, width // 2, 2)
    return cut.transpose(0, 2, 1, 3).reshape(height // 2, width // 2, 4)


def _ring(blocks: np.ndarray) -> np.ndarray:
    """Return the means of the eight blocks around each inner one, ``(rows-2, columns-2, 8)``."""
    means = blocks.mean(axis=-1)
    rows, columns = means.shape
    around = [(i, j) for i in range(3) for j in range(3) if (i, j) != (1, 1)]
    return np.stack([means[i : rows - 2 + i, j : columns - 2 + j] for i, j in around], axis=-1)


def fit_noise(
    image: np.ndarray, *, bins: int = 12, keep: float = 0.5, clip: float = 5.0
) -> NoiseFit:
    r"""Measure how the noise of one image grows with its brightness.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W)
        Counts as the camera wrote them; at least 16 by 16. Not smoothed, not compressed with loss,
        not rescaled to the eye: each of these changes the noise.
    bins : int, default 12
        Levels of brightness, each with as many blocks as the others; at least 3.
    keep : float, default 0.5
        Share of the blocks in each level that is used, the flattest first, in (0, 1].
    clip : float, default 5
        Differences beyond this many standard deviations are left out, again and again until none
        is: dust, cosmic rays, edges. At least 3.

    Returns
    -------
    NoiseFit

    Raises
    ------
    TypeError, ValueError
        Where an argument is out of range, or the image too small or of one brightness.

    Notes
    -----
    In a block of 2 × 2 pixels :math:`a, b, c, d` the difference
    :math:`\delta = (a - b - c + d) / 2` is blind to any plane, so in a smooth image only noise is
    left, and :math:`\operatorname{E}\delta^2` is the mean variance of the four.

    Blocks are sorted into levels, and judged flat or not, by the eight blocks *around* them. Their
    noise is independent of the block's own, so that a block is in no level because of its noise;
    sorted by their own mean, dark-by-chance blocks would pull the line flat. In each level
    :math:`\operatorname{E}\delta^2 = g\,\bar x + c`, and the line is fitted with weights
    :math:`n / 2 v^2`, the precision of a variance :math:`v` from :math:`n` normal differences.
    The intervals use the same; they know nothing of structure that passed for flat.

    The noise of neighbours is taken to be independent. Where it is not, because rows were averaged
    or the image was resampled, the differences cancel a part of it and the gain comes out too
    small: check with :func:`noise_correlation`, and take every second row or column. The idea of
    levels of brightness is that of [1]_, whose estimator works on wavelets.

    References
    ----------
    .. [1] A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, "Practical Poissonian-Gaussian noise
       modeling and fitting for single-image raw-data", IEEE Transactions on Image Processing
       17(10), 2008, 1737-1754. https://doi.org/10.1109/TIP.2008.2001399

    Examples
    --------
    >>> from lessonlib.images.phantoms import nuclei_field
    >>> fit = fit_noise(nuclei_field(512, 150, seed=1).image)  # photons: the gain is 1
    >>> bool(fit.gain.low < 1 < fit.gain.high)
    True
    """
    from scipy.stats import sigmaclip

    pixels = check_picture("image", image, (2,), "(H, W)")
    if min(pixels.shape) < 16:
        raise ValueError(f"image must be at least 16 × 16, got {pixels.shape}")
    bins = check_integer("bins", bins, minimum=3)
    keep = check_number("keep", keep, above=0, maximum=1)
    clip = check_number("clip", clip, minimum=3)

    blocks = _blocks(pixels)
    ring = _ring(blocks).reshape(-1, 8)
    inner = blocks[1:-1, 1:-1].reshape(-1, 4)
    level, roughness = ring.mean(axis=1), ring.std(axis=1)
    # (a - b - c + d) / 2
    detail = (inner[:, 0] - inner[:, 1] - inner[:, 2] + inner[:, 3]) / 2

    mean, variance, counted = [], [], []
    for group in np.array_split(np.argsort(level, kind="stable"), bins):
        chosen = group[np.argsort(roughness[group], kind="stable")]
        chosen = chosen[: max(2, round(keep * len(group)))]
        kept, low, high = sigmaclip(detail[chosen], clip, clip)
        inside = (detail[chosen] >= low) & (detail[chosen] <= high)
        mean.append(inner[chosen][inside].mean())
        variance.append(np.mean(kept**2))
        counted.append(len(kept))
    mean, variance, counted = np.array(mean), np.array(variance), np.array(counted)
    if np.ptp(mean) <= 1e-9 * np.abs(mean).max():
        raise ValueError(f"image must have more than one brightness, got {mean[0]:g} everywhere")
    slope, intercept = _line(mean, variance, counted)
    return NoiseFit(mean, variance, 4 * counted, slope, intercept)


def noise_correlation(image: np.ndarray, *, keep: float = 0.25) -> tuple[float, float]:
    r"""Return how far the noise of neighbouring pixels is the same, along rows' and columns' axes.

    A sensor's pixels are read one by one: near 0. Averaging, interpolation and compression spread
    the noise of one pixel over its neighbours.

    Parameters
    ----------
    image : numpy.ndarray, shape (H, W)
        At least 16 by 16.
    keep : float, default 0.25
        Share of the image that is used, the flattest places, in (0, 1].

    Returns
    -------
    tuple of float
        Correlation with the neighbour below, and with the one to the right; at most 1.

    Raises
    ------
    TypeError, ValueError
        Where an argument is out of range, or the image too small or without noise.

    Notes
    -----
    With :math:`e_k = \tfrac12 \operatorname{E}(x_i - x_{i+k})^2`, noise that is independent two
    pixels apart has :math:`\rho = 1 - e_1 / e_2`. Structure that passes for flat adds to
    :math:`e_2` more than to :math:`e_1` and lets the correlation seem larger.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(200, 200))
    >>> averaged = noise[:-1] + noise[1:]  # each row with the next
    >>> [round(r, 1) + 0.0 for r in noise_correlation(averaged)]
    [0.5, 0.0]
    """
    from scipy.ndimage import gaussian_gradient_magnitude
    from scipy.stats import sigmaclip

    pixels = check_picture("image", image, (2,), "(H, W)")
    if min(pixels.shape) < 16:
        raise ValueError(f"image must be at least 16 × 16, got {pixels.shape}")
    keep = check_number("keep", keep, above=0, maximum=1)
    slope = gaussian_gradient_magnitude(pixels, 4)
    flat = slope <= np.quantile(slope, keep)

    found = []
    for across in (pixels, pixels.T):
        use = (flat if across is pixels else flat.T)[:-2]
        near, far = (
            np.mean(sigmaclip((across[:-2] - across[k : len(across) - 2 + k])[use], 5, 5)[0] ** 2)
            for k in (1, 2)
        )
        if far == 0:
            raise ValueError("image must have noise in its flattest places, got none")
        found.append(float(1 - near / far))  # rho = 1 - e_1 / e_2
    return found[0], found[1]


def _line(mean: np.ndarray, variance: np.ndarray, counted: np.ndarray):
    """Fit ``variance = slope * mean + intercept``, weighted by the line itself."""
    fitted = np.full(len(mean), max(variance.mean(), np.finfo(float).tiny))
    for _ in range(10):  # settles after three or four
        sd = fitted * np.sqrt(2 / counted)
        line, covariance = np.polyfit(mean, variance, 1, w=1 / sd, cov="unscaled")
        fitted = np.maximum(np.polyval(line, mean), 0.05 * fitted)
    half = _Z * np.sqrt(np.diag(covariance))
    return tuple(
        Interval(float(v), float(v - h), float(v + h)) for v, h in zip(line, half, strict=True)
    )
