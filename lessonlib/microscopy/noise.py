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


#: Share of a level's blocks that may hold a saturated pixel: dust and hits, not the level itself.
_CUT_SHARE = 0.01


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
    image: np.ndarray,
    *,
    bins: int = 12,
    keep: float = 0.5,
    clip: float = 5.0,
    saturation: float | None = None,
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
    saturation : float, optional
        Counts from which on a pixel is saturated. By default the image's largest value, where so
        many pixels have it that the light was cut off there: at least ten, and three times as many
        as have the next smaller value.

    Returns
    -------
    NoiseFit
        Without the levels in which more than one block in a hundred holds a saturated pixel: what
        is cut off has no noise.

    Raises
    ------
    TypeError, ValueError
        Where an argument is out of range, or the image too small, of one brightness, without noise
        or saturated nearly everywhere.

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
    if saturation is None:
        saturation = _cut_off(pixels)
    saturation = check_number("saturation", saturation) if saturation is not None else np.inf

    blocks = _blocks(pixels)
    ring = _ring(blocks).reshape(-1, 8)
    inner = blocks[1:-1, 1:-1].reshape(-1, 4)
    if bins > len(inner) // 2:
        raise ValueError(
            f"bins must be at most {len(inner) // 2} for so small an image, got {bins}"
        )
    cut = inner.max(axis=1) >= saturation
    level, roughness = ring.mean(axis=1), ring.std(axis=1)
    # (a - b - c + d) / 2
    detail = (inner[:, 0] - inner[:, 1] - inner[:, 2] + inner[:, 3]) / 2

    mean, variance, counted = [], [], []
    for group in np.array_split(np.argsort(level, kind="stable"), bins):
        chosen = group[np.argsort(roughness[group], kind="stable")]
        chosen = chosen[: max(2, round(keep * len(group)))]
        if np.mean(cut[chosen]) > _CUT_SHARE:
            continue
        chosen = chosen[~cut[chosen]]
        kept, low, high = sigmaclip(detail[chosen], clip, clip)
        inside = (detail[chosen] >= low) & (detail[chosen] <= high)
        if not len(kept):  # all alike, but for the rounding of their mean
            kept, inside = detail[chosen], np.ones(len(chosen), dtype=bool)
        mean.append(inner[chosen][inside].mean())
        with np.errstate(over="ignore"):  # refused below
            variance.append(np.mean(kept**2))
        counted.append(len(kept))
    if len(mean) < 3:
        raise ValueError(
            f"image must not be saturated in most of its brightness levels: {bins - len(mean)} of "
            f"{bins} reach {saturation:g}"
        )
    mean, variance, counted = np.array(mean), np.array(variance), np.array(counted)
    if np.ptp(mean) <= 1e-9 * np.abs(mean).max():
        raise ValueError(f"image must have more than one brightness, got {mean[0]:g} everywhere")
    if not np.isfinite(variance).all():
        raise ValueError("image must hold numbers whose squares fit float64: change its unit")
    if np.sqrt(variance.max()) <= 1e-12 * np.abs(pixels).max():
        raise ValueError("image must have noise, got none in the flattest places of any level")
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
    cut = _cut_off(pixels)
    exposed = pixels < (np.inf if cut is None else cut)  # what is cut off has no noise
    flat = exposed & (slope <= np.quantile(slope[exposed], keep))

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


def _cut_off(pixels: np.ndarray) -> float | None:
    """Return the value at which bright pixels were cut off, or None where they were not."""
    values, counts = np.unique(pixels, return_counts=True)
    piled = len(values) > 2 and counts[-1] >= max(10, 3 * counts[-2])
    return float(values[-1]) if piled else None


def _line(mean: np.ndarray, variance: np.ndarray, counted: np.ndarray):
    """Fit ``variance = slope * mean + intercept``, weighted by the line itself.

    About the middle of the means: far from 0 they and a constant would look alike to a solver.
    """
    typical = variance.mean()
    fitted = np.full(len(mean), typical)
    for _ in range(10):  # settles after three or four
        # a level whose numbers never changed would otherwise weigh more than all others together
        weight = counted / (2 * (fitted / typical) ** 2)
        middle = np.average(mean, weights=weight)
        spread = weight @ (mean - middle) ** 2
        slope = weight @ ((mean - middle) * variance) / spread
        at_middle = np.average(variance, weights=weight)
        line = at_middle + slope * (mean - middle)
        fitted = np.maximum(np.maximum(line, 0.05 * fitted), 1e-4 * typical)
    half = _Z * typical / np.sqrt(spread)
    reach = _Z * typical * np.sqrt(1 / weight.sum() + middle**2 / spread)
    intercept = at_middle - slope * middle
    return (
        Interval(float(slope), float(slope - half), float(slope + half)),
        Interval(float(intercept), float(intercept - reach), float(intercept + reach)),
    )
