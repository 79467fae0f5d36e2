"""Photons, stains and nuclei as short as it can be written: one idea a function, no checks.

The robust versions are in the modules beside this one and are tested equal to these.
"""

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.measure import label
from skimage.morphology import h_maxima
from skimage.segmentation import watershed


def photon_gain(mean, variance):
    """Return (gain, read variance) of the line variance = gain · mean + read variance.

    `mean` above the camera's offset; the gain in counts per photo-electron.
    """
    gain = np.cov(mean, variance, ddof=0)[0, 1] / np.var(mean)
    return gain, np.mean(variance) - gain * np.mean(mean)


def anscombe(electrons, read_noise=0.0):
    """Return 2√(x + 3/8 + σ²): whatever the number of electrons x, its noise is about 1."""
    return 2 * np.sqrt(np.maximum(electrons + 3 / 8 + read_noise**2, 0))


def separate_stains(rgb, stains, white=255):
    """Return amounts ``(H, W, S)`` of stains, whose colours ``(S, 3)`` add up in optical density.

    Beer and Lambert: −log₁₀(I/I₀) = amounts · colours; least squares undoes it.
    """
    density = -np.log10(np.maximum(rgb, 0.5) / white)  # black counts as half a step
    unit = stains / np.linalg.norm(stains, axis=1, keepdims=True)
    return density @ np.linalg.pinv(unit)


def segment_nuclei(image, smooth, waist):
    """Return a label image: bright regions, cut in two where they narrow by more than `waist`.

    A pixel's depth is its distance to the background. Water that rises from the deepest places
    meets at the waists; a place counts as deep only where it is `waist` deeper than the way out.
    """
    bright = ndimage.gaussian_filter(image, smooth)
    mask = bright > threshold_otsu(bright)  # Otsu: the threshold that leaves the tightest groups
    depth = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 1)
    return watershed(-depth, label(h_maxima(depth, waist)), mask=mask)


def match_nuclei(truth, found, tau=0.5):
    """Return (TP, FP, FN) of two label images; with IoU > τ ≥ ½ no object has two partners."""
    n_truth, n_found = len(np.unique(truth[truth > 0])), len(np.unique(found[found > 0]))
    pairs = 0
    for one in np.unique(truth[truth > 0]):
        mask = truth == one
        for other in np.unique(found[mask & (found > 0)]):
            overlap = mask & (found == other)
            pairs += int(overlap.sum() > tau * (mask | (found == other)).sum())
    return pairs, n_found - pairs, n_truth - pairs
