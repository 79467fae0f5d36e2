"""Statistics and stretching of an image ``(C, H, W)``, uint16, channel by channel."""

from __future__ import annotations

import numpy as np

PERCENTILES = (2, 98)


def _dask(image):
    import dask.array as da

    return da.from_array(image, chunks=(1, 1024, image.shape[2]))


def _xarray(image):
    import xarray as xr

    return xr.DataArray(image, dims=("band", "y", "x"))


# --- mean and standard deviation: answer two arrays (C,) ---


def moments_ours(image):
    from lessonlib.scientific import MultiChannelNormalizer

    batch = image[None]

    def fit():
        normalizer = MultiChannelNormalizer().fit(batch)
        return normalizer.mean_, normalizer.std_

    return fit


def moments_numpy(image):
    def fit():
        return [c.mean() for c in image], [c.std() for c in image]

    return fit


def moments_opencv(image):
    import cv2

    def fit():
        both = [cv2.meanStdDev(c) for c in image]
        return np.array([m[0, 0] for m, _ in both]), np.array([s[0, 0] for _, s in both])

    return fit


def moments_dask(image):
    import dask

    lazy = _dask(image)
    return lambda: dask.compute(lazy.mean((1, 2)), lazy.std((1, 2)))


def moments_sklearn(image):
    from sklearn.preprocessing import StandardScaler

    # Pixels are samples and channels features; 64 rows of the image at a time.
    def fit():
        scaler = StandardScaler()
        for top in range(0, image.shape[1], 64):
            scaler.partial_fit(image[:, top : top + 64].reshape(len(image), -1).T)
        return scaler.mean_, np.sqrt(scaler.var_)

    return fit


def moments_xarray(image):
    data = _xarray(image)
    return lambda: (data.mean(("y", "x")), data.std(("y", "x")))


# --- percentiles: answer (2, C) ---


def percentiles_ours(image):
    from lessonlib.scientific import channel_percentiles

    return lambda: channel_percentiles(image, PERCENTILES)


def percentiles_numpy(image):
    return lambda: np.stack([np.percentile(c, PERCENTILES) for c in image], axis=1)


def percentiles_dask(image):
    import dask
    import dask.array as da

    lazy = _dask(image)

    def percentiles():
        parts = [da.percentile(c.ravel(), list(PERCENTILES), method="linear") for c in lazy]
        return np.stack(dask.compute(*parts), axis=1)

    return percentiles


def percentiles_xarray(image):
    data = _xarray(image)
    return lambda: data.quantile(np.array(PERCENTILES) / 100, ("y", "x"))


# --- clip to those percentiles and rescale to [0, 1]: answer (C, H, W), float32 ---


def stretch_ours(image):
    from lessonlib.scientific import MultiChannelNormalizer

    normalizer = MultiChannelNormalizer()
    return lambda: normalizer.percentile_clip(image, *PERCENTILES)


def stretch_numpy(image):
    def stretch():
        out = np.empty(image.shape, np.float32)
        for c, y in zip(image, out, strict=True):
            low, high = np.percentile(c, PERCENTILES)
            y[...] = (np.clip(c, low, high) - low) / (high - low)
        return out

    return stretch


def stretch_skimage(image):
    from skimage.exposure import rescale_intensity

    def stretch():
        channels = []
        for c in image:
            low, high = np.percentile(c, PERCENTILES)
            channels.append(rescale_intensity(c, in_range=(low, high), out_range=(0.0, 1.0)))
        return np.stack(channels).astype(np.float32, copy=False)

    return stretch


def stretch_xarray(image):
    data = _xarray(image)

    def stretch():
        low, high = data.quantile(np.array(PERCENTILES) / 100, ("y", "x"))
        return ((data - low) / (high - low)).clip(0, 1).astype(np.float32)

    return stretch


def stretch_dask(image):
    lazy, percentiles = _dask(image), percentiles_dask(image)

    def stretch():
        low, high = percentiles()[..., None, None]
        return ((lazy - low) / (high - low)).clip(0, 1).astype(np.float32).compute()

    return stretch


def stretch_floor(image):
    """No percentiles and no rescaling, only the pixels written as float32."""
    return lambda: image.astype(np.float32)
