"""Statements of fact about images of the sky: a raw frame and drawn fields answer them."""

from __future__ import annotations

import numpy as np

from lessonlib.errata.row import Row
from lessonlib.evaluation import mean_interval


def dynamic_range(seeds: int) -> dict:
    """F21: the brightest pixel of a real frame, against its sky and against its noise."""
    from lessonlib import images
    from lessonlib.astronomy import calibrate, lacosmic

    del seeds  # nothing is drawn
    raw = images.ccd_frame()
    frame = calibrate(raw)
    starlight = frame.image[~lacosmic(frame.image, read_noise=raw.read_noise)]
    sky = float(np.median(frame.image))
    return {
        "sky": (starlight.max() - sky) / sky,
        "noise": (starlight.max() - sky) / np.sqrt(sky + raw.read_noise**2),
        "magnitude": 21.7 - 2.5 * np.log10(1e6),
        "steps": 2**16,
    }


def counts(seeds: int) -> dict:
    """F22: false alarms at five deviations of counts, and the noise of a real sky."""
    from lessonlib import images
    from lessonlib.astronomy import calibrate, false_alarms

    del seeds
    raw = images.ccd_frame()
    frame = calibrate(raw)
    sky = float(np.median(frame.image))
    steps = np.diff(frame.image, axis=1)
    spread = 1.4826 * np.median(np.abs(steps - np.median(steps))) / np.sqrt(2)
    few, many = false_alarms(0.1), false_alarms(10_000)
    return {
        "few": few.rate / few.promised,
        "many": many.rate / many.promised,
        "measured": spread,
        "expected": np.sqrt(sky + raw.read_noise**2),
    }


def faint(seeds: int) -> dict:
    """F23: peaks of noise alone that pass three and five deviations, in frames without a star."""
    from scipy.ndimage import maximum_filter

    from lessonlib.astronomy import completeness, matched_filter, noise_pixels
    from lessonlib.images.phantoms import star_field

    fwhm, sky, read = 4.0, 163.0, 5.0
    deviation = np.sqrt(noise_pixels(fwhm) * (sky + read**2))
    three, five = [], []
    for seed in range(max(seeds, 20)):
        blank = star_field(128, 0, background=sky, read_noise=read, seed=seed).image - sky
        height = matched_filter(blank, fwhm) / deviation
        peaks = height[height == maximum_filter(height, 5)]
        three.append(np.count_nonzero(peaks > 3))
        five.append(np.count_nonzero(peaks > 5))
    share = completeness([3 * deviation, 5 * deviation], 5 * deviation, fwhm, sky, read)
    return {
        "three": mean_interval(three),
        "five": float(np.mean(five)),
        "missed": 1 - share[0],
        "half": share[1],
    }


ROWS = [
    Row(
        id="F10",
        claim="Galaxy Zoo gave one of the first large astronomical image sets labelled by a crowd.",
        verdict="TRUE",
        finding="It was launched in July 2007 {{cite:p}}`land2008`; nearly 900,000 galaxies of one "
        "survey were sorted {{cite:p}}`lintott2011`. The crowd's preference for one winding turned "
        "out to be its own {{cite:p}}`galaxyzoo-bias`.",
        lesson="Give year and size, and test the labels, too.",
        where="sec-shapes",
    ),
    Row(
        id="F21",
        claim="A star may be millions of times brighter than the background.",
        verdict="DEPENDS",
        finding="In the sky it holds for stars brighter than magnitude {magnitude:.1f}, against a "
        "square arcsecond of dark sky {{cite:p}}`sky-brightness`. In the course's raw frame the "
        "brightest pixel is {sky:.0f} times the sky and {noise:.0f} times its noise, and 16 bits "
        "hold {steps:,} steps.",
        lesson="Say what is compared; measure the range of the frame one has.",
        where="sec-stretch fig-stretches",
        measure=dynamic_range,
    ),
    Row(
        id="F22",
        claim="The noise follows Poisson statistics rather than Gaussian ones.",
        verdict="DEPENDS",
        finding="At five deviations a count with mean 0.1 gives {few:,.0f} times the false alarms "
        "of a normal variable, one with mean 10,000 only {many:.2f} times. A real sky has "
        "{measured:.1f} electrons of noise where photons and reading, which is Gaussian, promise "
        "{expected:.1f}.",
        lesson="At few counts use the Poisson distribution; at many its variance, plus read noise.",
        where="sec-limits fig-false-alarms",
        measure=counts,
    ),
    Row(
        id="F23",
        claim="Some objects are so faint that they are barely distinguishable from noise.",
        verdict="TRUE",
        finding="In a frame of 128 by 128 pixels without any star {three:.1f} peaks of noise pass "
        "three deviations and {five:.2f} five. At a threshold of five, counting statistics finds "
        "{half:.0%} of the stars at the threshold and misses {missed:.1%} of those at three.",
        lesson="Let the number of places fix the threshold; plant stars to know what is missed.",
        where="sec-limits fig-recovery",
        measure=faint,
    ),
]
