"""Section E10, the multi-channel normaliser: what it lets pass and what its table does not show."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from lessonlib.errata.row import Row
from lessonlib.evaluation import binomial_interval, mean_interval, percentile_interval
from lessonlib.scientific import MultiChannelNormalizer, channel_percentiles, clip_and_rescale


class Unguarded:
    """A normaliser as the episode describes it: NumPy's mean and std per channel, and no checks.

    A standard deviation below 1e-8 is replaced by 1.
    """

    def __init__(self):
        self.centre = self.spread = None

    def learn(self, batch: np.ndarray) -> Unguarded:
        """Store the statistics of ``(N, C, H, W)`` in whatever type NumPy returns them."""
        pixels = np.moveaxis(batch, 1, 0).reshape(batch.shape[1], -1)
        with np.errstate(over="ignore", invalid="ignore"):
            self.centre, sd = np.mean(pixels, axis=1), np.std(pixels, axis=1)
        self.spread = np.where(sd < 1e-8, np.ones_like(sd), sd)
        return self

    def apply(self, image: np.ndarray) -> np.ndarray:
        """Return z-scores, number `i` of the first axis by statistic `i`."""
        with np.errstate(over="ignore", invalid="ignore"):
            bands = [(x - self.centre[i]) / self.spread[i] for i, x in enumerate(image)]
        return np.asarray(bands, np.float32)


def unguarded_clip(band: np.ndarray, low: float = 1, high: float = 99) -> np.ndarray:
    """Clip a band in float32 and rescale it by bounds in float64; leave it where they coincide."""
    bounds = np.percentile(band, [low, high])
    cut = np.clip(band, *bounds).astype(np.float32)
    width = bounds[1] - bounds[0]
    return ((cut - bounds[0]) / width).astype(np.float32) if width > 1e-8 else cut


def simulated_bands(seed: int, size: int = 256) -> np.ndarray:
    """Draw 13 bands as the episode does: normal, mean in 100-5000, spread in 50-2000."""
    rng = np.random.default_rng(seed)
    level, scale = rng.uniform(100, 5000, 13), rng.uniform(50, 2000, 13)
    return rng.normal(level[:, None, None], scale[:, None, None], (13, size, size))


def orders(levels: np.ndarray) -> float:
    """Orders of magnitude between the smallest and the largest of some positive numbers."""
    return float(np.log10(np.max(levels) / np.min(levels)))


def realism(seeds: int) -> dict:
    """E10.1: range and sign of simulated bands, beside a real scene."""
    from lessonlib import images

    scales, negative = [], []
    for seed in range(max(seeds, 1000)):  # two draws of 13 numbers a seed
        rng = np.random.default_rng(seed)
        level, scale = rng.uniform(100, 5000, 13), rng.uniform(50, 2000, 13)
        scales.append(orders(level))
        negative.append(norm.cdf(-level / scale).mean())
    scene = images.sentinel2()
    levels = MultiChannelNormalizer().fit(scene.pixels[None]).mean_
    surface = [i for i, band in enumerate(scene.bands) if band != "B10"]
    return {
        "orders": percentile_interval(scales),
        "three": binomial_interval(sum(s >= 3 for s in scales), len(scales)),
        "negative": mean_interval(negative),
        "real_orders": orders(levels),
        "real_surface": orders(levels[surface]),
        "real_minimum": float(scene.pixels.min()),
        "resolutions": len(set(scene.resolutions)),
    }


def clip_range(seeds: int) -> dict:
    """E10.2: how often rounding leaves [0, 1], and by how much."""
    outside, excess, ours = 0, 0.0, 0
    for seed in range(seeds):
        image = simulated_bands(seed, 64)
        clipped = np.stack([unguarded_clip(band) for band in image])
        beyond = float(max(-clipped.min(), clipped.max() - 1))
        outside += beyond > 0
        excess = max(excess, beyond)
        guarded = MultiChannelNormalizer().percentile_clip(image.astype(np.float32))
        ours += bool(guarded.min() < 0 or guarded.max() > 1)
    return {
        "outside": binomial_interval(outside, seeds),
        "excess": excess,
        "ours": binomial_interval(ours, seeds),
    }


def held_out(seeds: int) -> dict:
    """E10.3: means of z-scores on the image that was fitted, and on another one."""
    same, lowest, highest = [], [], []
    for seed in range(seeds):
        image = simulated_bands(seed, 64)
        normalizer = MultiChannelNormalizer().fit(image[None])
        same.append(np.abs(normalizer.transform(image).mean(axis=(1, 2))).max())
        other = normalizer.transform(1.3 * image + 200).mean(axis=(1, 2))
        lowest.append(other.min())
        highest.append(other.max())
    return {
        "same": float(np.max(same)),
        "lowest": percentile_interval(lowest),
        "highest": percentile_interval(highest),
        "never_zero": binomial_interval(sum(low > 0.01 for low in lowest), seeds),
    }


def types(seeds: int) -> dict:
    """E10.4: float16 overflow, constants that miss a fixed threshold, small units."""
    half = simulated_bands(0).astype(np.float16)[None]
    infinite = int(np.isinf(Unguarded().learn(half).spread).sum())
    ours_finite = int(np.isfinite(MultiChannelNormalizer().fit(half).std_).sum())
    constants = 10 ** np.random.default_rng(0).uniform(-1, 6, seeds)
    missed, jumps, ours = 0, [], 0
    for constant in constants:
        batch = np.full((1, 1, 256, 256), constant, np.float32)
        learned = Unguarded().learn(batch)
        missed += learned.spread[0] != 1
        jumps.append(np.abs(learned.apply(batch[0])).max())
        normalizer = MultiChannelNormalizer().fit(batch)
        ours += normalizer.std_[0] != 0 or np.any(normalizer.transform(batch))
    small = np.random.default_rng(1).normal(5e-9, 1e-9, (1, 1, 64, 64))
    return {
        "infinite": infinite,
        "ours_finite": ours_finite,
        "missed": binomial_interval(missed, seeds),
        "jump": float(np.max(jumps)),
        "ours_missed": binomial_interval(ours, seeds),
        "flattened": float(Unguarded().learn(small).apply(small[0]).std()),
        "ours_small": float(MultiChannelNormalizer().fit(small).transform(small).std()),
    }


def missing(seeds: int) -> dict:
    """E10.5: one NaN, one infinity, and a tenth of the pixels marked -9999."""
    image = simulated_bands(0)
    broken = image.copy()
    broken[4, 100, 100] = np.nan
    spoiled = np.isnan(Unguarded().learn(broken[None]).apply(broken)[4]).mean()
    guarded = MultiChannelNormalizer().fit(broken[None]).transform(broken)
    true_sd, naive_sd, naive_z, ours_z = [], [], [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        band = rng.normal(2655, 197, (1, 1, 64, 64))
        valid = rng.random(band.shape) >= 0.1
        marked = np.where(valid, band, -9999)
        naive, ours = Unguarded().learn(marked), MultiChannelNormalizer(-9999).fit(marked)
        true_sd.append(band[valid].std())
        naive_sd.append(naive.spread[0])
        naive_z.append(naive.apply(marked[0])[valid[0]].std())
        ours_z.append(np.nanstd(ours.transform(marked)))
    return {
        "spoiled": float(spoiled),
        "ours_spoiled": int(np.isnan(guarded).sum()),
        "true_sd": mean_interval(true_sd),
        "naive_sd": mean_interval(naive_sd),
        "naive_z": mean_interval(naive_z),
        "ours_z": mean_interval(ours_z),
    }


def star_field(seed: int, size: int = 128) -> np.ndarray:
    """Draw a star of 10⁶ counts at its peak (width 2 pixels) over a Poisson sky of 100 counts."""
    y, x = np.mgrid[:size, :size] - size // 2
    light = 100 + 1e6 * np.exp(-(x**2 + y**2) / (2 * 2.0**2))
    return np.random.default_rng(seed).poisson(light).astype(np.float64)


def destruction(seeds: int) -> dict:
    """E10.6: a constant band, two scenes of different brightness, a star over the sky."""
    constant = unguarded_clip(np.full((32, 32), 7.0))
    twins, bounded, saturated = [], [], []
    for seed in range(seeds):
        a = simulated_bands(seed, 32)
        b = 3 * a + 500
        clip = MultiChannelNormalizer().percentile_clip
        twins.append(np.abs(clip(a) - clip(b)).max())
        bounds = channel_percentiles(a, (1, 99))
        bounded.append(clip_and_rescale(b, *bounds).mean() - clip_and_rescale(a, *bounds).mean())
        sky = star_field(seed)
        stretched = clip(sky[None])[0]
        saturated.append((stretched == 1).mean())
        # counts that became the same white as the star's peak
        whites = sky[stretched == 1]
    return {
        "constant": float(constant.max()),
        "ours_constant": float(
            MultiChannelNormalizer().percentile_clip(np.full((1, 32, 32), 7.0)).max()
        ),
        "twins": float(np.max(twins)),
        "bounded": mean_interval(bounded),
        "saturated": mean_interval(saturated),
        "faintest_white": float(whites.min()),
    }


def refusals(seeds: int) -> dict:
    """E10.7: use before fit, another number of channels, a batch in place of an image."""
    image = simulated_bands(0, 16)
    learned = Unguarded().learn(image[None])
    batch = np.stack([image, image])
    accepted = learned.apply(image[:5]).shape[0] == 5
    shifted = learned.apply(batch)  # the second axis is the bands, the statistics' is the images
    normalizer = MultiChannelNormalizer().fit(image[None])
    refused = 0
    for call in (
        lambda: MultiChannelNormalizer().transform(image),
        lambda: normalizer.transform(image[:5]),
        lambda: normalizer.transform(image[0]),
    ):
        try:
            call()
        except ValueError:
            refused += 1
    return {
        "five_accepted": accepted,
        "batch_error": float(np.abs(shifted - normalizer.transform(batch)).max()),
        "refused": refused,
    }


ROWS = [
    Row(
        id="E10.1",
        claim="Thirteen simulated bands span three orders of magnitude, which is realistic for "
        "Sentinel-2.",
        verdict="FALSE",
        finding="The simulated means span {orders:.2f} orders (95% of seeds), and reach three in "
        "a share of {three}; {negative:.1%} of the pixels are negative. In a real scene the means "
        "span {real_orders:.1f} orders, and {real_surface:.1f} without band 10, which hardly "
        "sees the ground; the smallest reflectance is {real_minimum:.4f}, and the bands were "
        "measured at {resolutions} resolutions.",
        lesson="Look at the real bands: one scale, three resolutions, one band that is different.",
        where="sec-thirteen-bands",
        measure=realism,
    ),
    Row(
        id="E10.2",
        claim="Percentile clipping yields values within [0, 1].",
        verdict="FALSE",
        finding="Clipped in float32 and rescaled by float64 bounds, a share of {outside} of the "
        "images leave [0, 1], by at most {excess:.1e}; computed in float64, {ours}.",
        lesson="Clip and divide in float64, cast last.",
        where="sec-clip tests/test_scientific_percentiles.py::"
        "test_the_ends_are_exactly_zero_and_one",
        measure=clip_range,
    ),
    Row(
        id="E10.3",
        claim="After normalisation every channel has mean 0.",
        verdict="MISLEADING",
        finding="On the image that was fitted, by construction (at most {same:.0e}). On another "
        "one, 1.3 times as bright plus 200, the smallest channel mean is {lowest:.2f} and the "
        "largest {highest:.2f}; all 13 are off zero in a share of {never_zero}.",
        lesson="Fit on training images and show the held-out means: they are the domain shift.",
        where="sec-held-out",
        measure=held_out,
    ),
    Row(
        id="E10.4",
        claim="Standard deviations below 1e-8 are those of constant channels; any type will do.",
        verdict="BUG",
        finding="In float16 {infinite} of 13 standard deviations are infinite (ours: "
        "{ours_finite} finite). Of float32 channels that hold one constant a share of {missed} "
        "slip past the threshold and jump to as much as {jump:.2f} (ours: {ours_missed}). A "
        "channel in units of 10⁻⁹ comes out with a spread of {flattened:.0e} instead of "
        "{ours_small:.2f}.",
        lesson="Accumulate in float64 and compare the spread with the mean.",
        where="sec-constant",
        measure=types,
    ),
    Row(
        id="E10.5",
        claim="The normaliser is ready for satellite images, NaN and fill values not mentioned.",
        verdict="BUG",
        finding="One NaN pixel turns {spoiled:.0%} of its band into NaN (ours: {ours_spoiled} "
        "pixel). With 10% of the pixels at -9999 a standard deviation of {true_sd:.0f} becomes "
        "{naive_sd:,.0f}, and the valid pixels' z-scores have a spread of {naive_z:.3f} (ours: "
        "{ours_z:.3f}).",
        lesson="Mask NaN and the fill value in every statistic, keep them NaN in the result.",
        where="sec-missing",
        measure=missing,
    ),
    Row(
        id="E10.6",
        claim="Percentile clipping handles the extremes of satellite and astronomical images.",
        verdict="MISLEADING",
        finding="A constant channel comes back as {constant:.0f} (ours: {ours_constant:.0f}). A "
        "scene and the same scene times 3 plus 500 become equal to {twins:.0e}; with the first "
        "one's bounds the means differ by {bounded:.2f}. Around a star of 10⁶ counts a share of "
        "{saturated:.4f} of the pixels is the same white, from {faintest_white:,.0f} counts up.",
        lesson="Learn the bounds on training images; stretch stars by asinh.",
        where="sec-clip sec-star",
        measure=destruction,
    ),
    Row(
        id="E10.7",
        claim="Transform takes what fit has seen; other input is not mentioned.",
        verdict="GAP",
        finding="Before fit it fails with a TypeError about None. Five channels are accepted "
        "after a fit on 13 ({five_accepted}), and a batch of two images is accepted and wrong by "
        "up to {batch_error:.1f} standard deviations. Ours transforms the batch and refuses "
        "{refused} of 3 calls that cannot be right, by name.",
        lesson="Check the state and the shape, and say what was expected.",
        where="tests/test_scientific_normalizer.py::"
        "test_another_number_of_channels_is_refused_and_nothing_is_forgotten",
        measure=refusals,
    ),
]
