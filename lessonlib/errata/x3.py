"""Exercise 3, the scientific image analyser: what normalisation keeps and what it does not."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from lessonlib.errata.row import Row
from lessonlib.evaluation import binomial_interval, mean_interval
from lessonlib.scientific import MultiChannelNormalizer, ScientificImageAnalyzer, ndvi

#: Lowest and highest value per channel, as the exercise gives them.
RANGES = ((0, 255),) * 3 + ((500, 3000),) * 2 + ((250, 320),) + ((-25, 5),) * 2
SIZE = 64


def uniform_image(seed: int, size: int = SIZE) -> np.ndarray:
    """Draw independent uniform channels ``(8, size, size)``: the least that the exercise asks."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.uniform(low, high, (size, size)) for low, high in RANGES])


def field_image(seed: int, size: int = SIZE) -> np.ndarray:
    """Draw channels that follow one smooth field, each with noise of its own."""
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.standard_normal((size, size)), 4, mode="wrap")
    field = (field - field.min()) / np.ptp(field)
    bands = []
    for number, (low, high) in enumerate(RANGES):
        level = field if number % 2 else 1 - field
        noisy = (level + rng.normal(0, 0.05, field.shape)).clip(0, 1)
        bands.append(low + (high - low) * noisy)
    return np.stack(bands)


def outlier_image(seed: int, size: int = SIZE) -> np.ndarray:
    """Draw channels that disagree, but for 1% of the pixels that are bright in all of them."""
    rng = np.random.default_rng(seed)
    field = rng.standard_normal((size, size))
    signs = np.where(np.arange(8) % 2, -1, 1)[:, None, None]
    image = 100 + signs * field + 0.5 * rng.standard_normal((8, size, size))
    image[:, rng.random((size, size)) < 0.01] = 1000
    return image


GENERATORS = {
    "uniform": uniform_image,
    "field": field_image,
    "lesson": lambda seed: ScientificImageAnalyzer(SIZE, seed).generate(),
}


def correlations(image: np.ndarray) -> np.ndarray:
    """Return the correlation of every pair of channels, by NumPy."""
    return np.corrcoef(image.reshape(len(image), -1))


def zscore(image: np.ndarray) -> np.ndarray:
    """Return z-scores per channel, float64."""
    return MultiChannelNormalizer().fit(image[None]).transform(image)


def clipped(image: np.ndarray) -> np.ndarray:
    """Return channels clipped to their 2nd and 98th percentiles, float64."""
    return MultiChannelNormalizer().percentile_clip(image, 2, 98)


def standardised(seeds: int) -> dict:
    """X3.1: means and spreads of z-scores, in float64 and in float32."""
    worst = {"mean64": 0.0, "std64": 0.0, "mean32": 0.0, "std32": 0.0}
    for generate in GENERATORS.values():
        for seed in range(seeds):
            image = generate(seed)
            for bits, dtype in (("64", np.float64), ("32", np.float32)):
                z = zscore(image.astype(dtype)).astype(np.float64)
                off = np.abs(z.mean(axis=(1, 2))).max()
                worst["mean" + bits] = max(worst["mean" + bits], float(off))
                off = np.abs(z.std(axis=(1, 2)) - 1).max()
                worst["std" + bits] = max(worst["std" + bits], float(off))
    return {**worst, "images": len(GENERATORS) * seeds}


def invariance(seeds: int) -> dict:
    """X3.2: NDVI before and after normalisation, after a common factor, after an offset."""
    from lessonlib import images

    agree = {"zscore": 0, "clip": 0}
    near = {"zscore": [], "clip": []}
    beyond, raw, factor = [], [], 0.0
    total = 0
    for generate in GENERATORS.values():
        for seed in range(seeds):
            image = generate(seed)
            before = ndvi(image[3], image[0])
            raw.append(before.mean())
            total += 1
            for name, change in (("zscore", zscore), ("clip", clipped)):
                scaled = change(image)
                after = ndvi(scaled[3], scaled[0])
                same = np.abs(after - before) < 0.01
                agree[name] += bool(same.all())
                near[name].append(same.mean())
                if name == "zscore":
                    beyond.append((np.abs(after) > 1).mean())
            factor = max(factor, float(np.abs(ndvi(7 * image[3], 7 * image[0]) - before).max()))
    scene = images.sentinel2()
    nir, red = scene.band("B08"), scene.band("B04")
    true, shifted = ndvi(nir, red), ndvi(nir + 0.1, red + 0.1)
    land = true > 0.3
    return {
        "raw": float(np.mean(raw)),
        "near_zscore": mean_interval(near["zscore"]),
        "near_clip": mean_interval(near["clip"]),
        "beyond": mean_interval(beyond),
        "agree": binomial_interval(agree["zscore"] + agree["clip"], 2 * total),
        "factor": factor,
        "true": float(true[land].mean()),
        "shifted": float(shifted[land].mean()),
    }


def reflectance_scene(seed: int, size: int = SIZE) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw red and near-infrared reflectance of fields and soil, and where the fields are.

    Red 0.04 and near infrared 0.42 over plants, 0.18 and 0.24 over soil, with 20% noise.
    """
    rng = np.random.default_rng(seed)
    plants = ndimage.gaussian_filter(rng.standard_normal((size, size)), 4, mode="wrap") > 0
    noise = 1 + 0.2 * rng.standard_normal((2, size, size))
    red = np.where(plants, 0.04, 0.18) * noise[0]
    nir = np.where(plants, 0.42, 0.24) * noise[1]
    return red.clip(0.001), nir.clip(0.001), plants


def fraction(seeds: int) -> dict:
    """X3.3: share of pixels with NDVI above 0.3, in the exercise's units and in reflectance."""
    ones, measured, true, accuracy = 0, [], [], []
    for generate in GENERATORS.values():
        for seed in range(seeds):
            image = generate(seed)
            ones += bool((ndvi(image[3], image[0]) > 0.3).all())
    for seed in range(seeds):
        red, nir, plants = reflectance_scene(seed)
        above = ndvi(nir, red) > 0.3
        measured.append(above.mean())
        true.append(plants.mean())
        accuracy.append((above == plants).mean())
    return {
        "lowest": (500 - 255) / (500 + 255),
        "ones": binomial_interval(ones, len(GENERATORS) * seeds),
        "measured": mean_interval(measured),
        "true": mean_interval(true),
        "accuracy": mean_interval(accuracy),
    }


def preservation(seeds: int) -> dict:
    """X3.4: largest change of a correlation, by z-scores and by clipping."""
    z, clip = 0.0, {name: [] for name in (*GENERATORS, "outliers")}
    flips, vacuous = 0, []
    for name, generate in {**GENERATORS, "outliers": outlier_image}.items():
        for seed in range(seeds):
            image = generate(seed)
            before = correlations(image)
            z = max(z, float(np.abs(correlations(zscore(image)) - before).max()))
            after = correlations(clipped(image))
            clip[name].append(np.abs(after - before).max())
            if name == "outliers":
                flips += bool((np.sign(after) != np.sign(before)).any())
            if name == "uniform":
                vacuous.append(np.abs(before[np.triu_indices(8, 1)]).max())
    return {
        "zscore": z,
        **{name: mean_interval(changes) for name, changes in clip.items()},
        "flips": binomial_interval(flips, seeds),
        "vacuous": mean_interval(vacuous),
    }


def whole_numbers(seeds: int) -> dict:
    """X3.5: NDVI of 8-bit bands without a cast, and where both bands are 0."""
    nir, red = np.uint8([100]), np.uint8([200])
    return {
        "difference": int((nir - red)[0]),
        "sum": int((nir + red)[0]),
        "ours": float(ndvi(nir, red)[0]),
        "guarded": float((0.0 - 0.0) / (0.0 + 0.0 + 1e-8)),
        "unknown": bool(np.isnan(ndvi([0], [0])[0])),
    }


ROWS = [
    Row(
        id="X3.1",
        claim="Z-scoring brings every channel to mean 0 and standard deviation 1.",
        verdict="TRUE",
        finding="By construction: over {images} images the largest mean is {mean64:.0e} and the "
        "largest error of the standard deviation {std64:.0e} in float64; {mean32:.0e} and "
        "{std32:.0e} in float32.",
        lesson="A smoke test. Add a NaN and a constant channel to make it one that can fail.",
        where="sec-held-out tests/test_scientific_analyzer.py::test_normalize_clip_statistics",
        measure=standardised,
    ),
    Row(
        id="X3.2",
        claim="NDVI does not depend on the normalisation used.",
        verdict="FALSE",
        finding="After z-scoring {near_zscore:.3f} of the pixels are within 0.01 of their NDVI, "
        "and {beyond:.2f} lie beyond ±1; after percentile clipping {near_clip:.3f} are. All "
        "pixels agree in a share of {agree}. A factor common to both bands changes nothing "
        "({factor:.0e}). The offset of Sentinel-2 products from baseline 04.00 on, left in, takes "
        "the mean NDVI of a real scene's plants from {true:.2f} to {shifted:.2f}.",
        lesson="Compute NDVI from reflectance, before normalising, with the offset removed.",
        where="sec-ndvi",
        measure=invariance,
    ),
    Row(
        id="X3.3",
        claim="The share of pixels with NDVI above 0.3 is the share of vegetation.",
        verdict="FALSE",
        finding="With near infrared from 500 and red up to 255 NDVI is at least {lowest:.4f}, so "
        "the share is 1 in a share of {ones} of the images. In reflectance it is {measured:.3f} "
        "where plants cover {true:.3f}; {accuracy:.3f} of the pixels are right.",
        lesson="Give both bands the same unit before they are compared.",
        where="sec-fraction",
        measure=fraction,
    ),
    Row(
        id="X3.4",
        claim="Normalisation preserves the correlations between channels.",
        verdict="DEPENDS",
        finding="Z-scoring does (largest change {zscore:.0e}). Percentile clipping changes a "
        "correlation by {uniform:.4f} for independent channels, {field:.4f} and {lesson:.4f} for "
        "channels that share a field, and {outliers:.2f} where 1% of the pixels are bright in "
        "all channels; signs flip in a share of {flips}. Between independent channels the largest "
        "correlation is {vacuous:.3f} to begin with.",
        lesson="Test it on correlated channels: between independent ones there is nothing to "
        "preserve.",
        where="sec-clip-correlation",
        measure=preservation,
    ),
    Row(
        id="X3.5",
        claim="The NDVI formula takes the bands as they are.",
        verdict="GAP",
        finding="In uint8, 100 − 200 is {difference} and 100 + 200 is {sum}; ours gives "
        "{ours:.3f}. With both bands 0 the formula's guard answers {guarded:.0f}, bare ground; "
        "ours answers NaN ({unknown}).",
        lesson="Convert whole numbers first, and keep what is unknown unknown.",
        where="sec-fraction tests/test_scientific_indices.py::test_whole_numbers_do_not_wrap",
        measure=whole_numbers,
    ),
]
