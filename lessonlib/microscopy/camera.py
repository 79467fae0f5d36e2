"""A camera in three numbers: how photons become counts, and counts photons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lessonlib._validation import as_generator, check_number, check_numbers, nan_array

#: NumPy draws Poisson numbers up to the largest 64-bit integer.
MOST_PHOTONS = 9e18


def _floats(name: str, values) -> np.ndarray:
    """Return numbers as float64, with NaN where one is masked."""
    return check_numbers(name, nan_array(name, values)).astype(np.float64)


@dataclass(frozen=True)
class NoiseModel:
    r"""A camera: photons become counts, and reading them adds noise.

    Parameters
    ----------
    gain : float, default 1
        Counts that the file gains for each photon detected, above 0. Cameras' data sheets and FITS
        headers give its inverse, electrons per count.
    offset : float, default 0
        Counts that the camera writes in the dark.
    read_noise : float, default 0
        Standard deviation of reading a pixel, in counts.

    Raises
    ------
    TypeError, ValueError
        Where a number is out of range.

    Notes
    -----
    The Poisson-Gaussian model [1]_: with :math:`\lambda` photons expected,

    .. math:: x = g\,N + o + \varepsilon, \quad N \sim \mathrm{Poisson}(\lambda), \;
              \varepsilon \sim \mathcal{N}(0, \sigma^2)
              \;\Rightarrow\; \operatorname{Var} x = g\,(\operatorname{E} x - o) + \sigma^2.

    References
    ----------
    .. [1] A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, "Practical Poissonian-Gaussian noise
       modeling and fitting for single-image raw-data", IEEE Transactions on Image Processing
       17(10), 2008, 1737-1754. https://doi.org/10.1109/TIP.2008.2001399

    Examples
    --------
    >>> NoiseModel(gain=0.5, offset=100, read_noise=2).variance(180)
    44.0
    """

    gain: float = 1.0
    offset: float = 0.0
    read_noise: float = 0.0

    def __post_init__(self):
        check_number("gain", self.gain, above=0)
        check_number("offset", self.offset)
        check_number("read_noise", self.read_noise, minimum=0)

    def variance(self, mean):
        """Return the variance of a pixel whose mean is `mean`, in counts squared.

        Parameters
        ----------
        mean : float or numpy.ndarray
            Expected counts, at least the offset.

        Returns
        -------
        float or numpy.ndarray of float64
            Same shape.
        """
        light = np.maximum(_floats("mean", mean) - self.offset, 0)
        variance = self.gain * light + self.read_noise**2  # Var x = g (E x - o) + sigma^2
        return float(variance) if variance.ndim == 0 else variance

    def photons(self, counts) -> np.ndarray:
        """Return counts as photons: :math:`(x - o) / g`, negative where the noise went below.

        Parameters
        ----------
        counts : array_like
            What the file holds.

        Returns
        -------
        numpy.ndarray of float64
            Same shape.
        """
        return (_floats("counts", counts) - self.offset) / self.gain

    def expose(self, photons, seed: int | np.random.Generator = 0) -> np.ndarray:
        """Draw what the camera would write.

        Parameters
        ----------
        photons : array_like
            Expected number of photons a pixel, not negative.
        seed : int or numpy.random.Generator, default 0

        Returns
        -------
        numpy.ndarray of float64
            Counts, neither rounded nor clipped; same shape.

        Raises
        ------
        ValueError
            Where a number of photons is negative or not finite.
        """
        light = check_numbers("photons", photons).astype(np.float64)
        if not ((light >= 0) & (light < MOST_PHOTONS)).all():
            raise ValueError(f"photons must be finite, not negative and below {MOST_PHOTONS:g}, "
                             f"got {light.min():g} to {light.max():g}")  # fmt: skip
        generator = as_generator(seed)
        read = generator.normal(0.0, self.read_noise, light.shape)
        return self.gain * generator.poisson(light) + self.offset + read  # g N + o + eps
