"""Section E12, the paragraph on microscopy: what holds of it on real and on drawn images."""

from __future__ import annotations

import numpy as np

from lessonlib.errata.row import Row
from lessonlib.evaluation import binomial_interval, mean_interval

#: The settings of the chapter's fifth step.
STEPS = {"smooth": 1.5, "local": 8.0, "min_size": 30, "split": 0.75}


def grain(seeds: int) -> dict:
    """E12.1: whether noise grows with light, on a camera's frame and on a published image."""
    from lessonlib import images
    from lessonlib.microscopy import camera_frame, fit_noise

    # rows share noise with the next, so every second one
    raw, published = fit_noise(camera_frame().pixels[::2]), fit_noise(images.nuclei().pixels)
    model = raw.model(offset=100.0)
    shares = 1 - model.read_noise**2 / model.variance(raw.mean)
    return {
        "raw_gain": raw.gain,
        "raw_rise": raw.variance[-1] / raw.variance[0],
        "dark": shares[0],
        "bright": shares[-1],
        "published_light": published.mean[-1] / published.mean[0],
        "published_rise": published.variance[-1] / published.variance[0],
    }


def channels(seeds: int) -> dict:
    """E12.2: whether a channel of a colour camera is a stain."""
    from lessonlib import images
    from lessonlib.microscopy import STAINS, optical_density, separate_stains

    section = images.immunohistochemistry().pixels
    red, green, blue = optical_density(section).reshape(-1, 3).T
    two, three = separate_stains(section), separate_stains(section, STAINS)
    blue_dye = [s.of("haematoxylin").mean() for s in (two, three)]
    return {
        "red_green": np.corrcoef(red, green)[0, 1],
        "red_blue": np.corrcoef(red, blue)[0, 1],
        "negative": np.mean(three.of("eosin") < 0),
        "excess": blue_dye[1] / blue_dye[0] - 1,
    }


def sizes(seeds: int) -> dict:
    """E12.3: pixels in a nucleus of two planes, and voxels in one of a stack."""
    from lessonlib import images
    from lessonlib.microscopy import camera_frame, nuclei_stack, segment_nuclei

    plane = np.bincount(images.nuclei().labels.ravel())[1:]
    solid = np.bincount(nuclei_stack().labels.ravel())[1:]
    large = np.bincount(segment_nuclei(camera_frame().pixels, smooth=3, min_size=100).ravel())[1:]
    return {
        "smallest": int(plane.min()),
        "largest": int(plane.max()),
        "voxels": int(solid.max()),
        "whole": int(large.max()),
    }


def slices(seeds: int) -> dict:
    """E12.4: a stack segmented with and without the distance of its slices."""
    from lessonlib.microscopy import average_precision, nuclei_stack, segment_nuclei

    stack = nuclei_stack()
    scores = np.array(
        [
            [
                average_precision(
                    stack.labels,
                    segment_nuclei(stack.pixels, smooth=smooth, min_size=30, split=split,
                                   spacing=spacing),
                    [0.5],
                )[0]
                for spacing in (None, stack.spacing)
            ]
            for smooth in (1.0, 1.5, 2.0)
            for split in (0.5, 0.75, 1.0)
        ]
    )  # fmt: skip
    return {
        "settings": len(scores),
        "better": int((scores[:, 1] > scores[:, 0]).sum()),
        "ratio": float(np.median(scores[:, 1] / scores[:, 0])),
        "without": scores[:, 0].max(),
        "with_spacing": scores[:, 1].max(),
    }


def touching_nuclei(labels: np.ndarray, reach: int = 2) -> np.ndarray:
    """Return for each of the objects 1 to n whether another lies within twice `reach` pixels."""
    from skimage.segmentation import expand_labels

    grown = expand_labels(labels, reach)
    touching = np.zeros(labels.max() + 1, dtype=bool)
    for axis in (0, 1):
        first, second = np.delete(grown, 0, axis), np.delete(grown, -1, axis)
        meet = (first != second) & (first > 0) & (second > 0)
        touching[first[meet]] = touching[second[meet]] = True
    return touching[1:]


def crowding(seeds: int) -> dict:
    """E12.5: how many are found, apart and crowded, drawn and real."""
    from lessonlib import images
    from lessonlib.images.phantoms import nuclei_field
    from lessonlib.microscopy import average_precision, match_objects, segment_nuclei

    scores = {}
    for name, gap in (("apart", 6.0), ("crowded", -6.0)):
        scores[name] = []
        for seed in range(seeds):
            field = nuclei_field(144, 13, radius=(8, 12), photons=(80, 160), gap=gap, seed=seed)
            found = segment_nuclei(field.image, **STEPS)
            scores[name].append(average_precision(field.labels, found, [0.5])[0])
    nuclei = images.nuclei()
    hit = match_objects(nuclei.labels, segment_nuclei(nuclei.pixels, **STEPS)).true_found
    close = touching_nuclei(nuclei.labels)
    return {
        "apart": mean_interval(scores["apart"]),
        "crowded": mean_interval(scores["crowded"]),
        "loss": mean_interval(np.subtract(scores["apart"], scores["crowded"])),
        "real_apart": binomial_interval(int(hit[~close].sum()), int((~close).sum())),
        "real_crowded": binomial_interval(int(hit[close].sum()), int(close.sum())),
    }


ROWS = [
    Row(
        id="E12.1",
        claim="Fluorescence images are often very noisy, from photon shot noise in low light.",
        verdict="DEPENDS",
        finding="On a camera's frame the variance rises {raw_rise:.0f}-fold along a line of "
        "slope {raw_gain:.3f}: light makes {bright:.0%} of it where it is brightest, {dark:.0%} "
        "where it is darkest (with an offset of 100, which is assumed). On a published image "
        "{published_light:.1f} times the light comes with {published_rise:.2f} times the "
        "variance: that grain is not light.",
        lesson="Plot variance against brightness before you write Poisson.",
        where="fig-noise-curves",
        measure=grain,
    ),
    Row(
        id="E12.2",
        claim="A microscope's image has a channel for each stain or marker.",
        verdict="DEPENDS",
        finding="In fluorescence with a filter for each dye, about so. A colour camera over a "
        "stained section mixes them: the optical densities of red and green correlate at "
        "{red_green:.2f}, of red and blue at {red_blue:.2f}. Unmixed for three stains where there "
        "are two, the third is negative in {negative:.1%} of the pixels and haematoxylin "
        "{excess:.0%} too high.",
        lesson="Unmix in optical density, for the stains that are there.",
        where="fig-stains",
        measure=channels,
    ),
    Row(
        id="E12.3",
        claim="The structures of interest range from a few pixels to thousands.",
        verdict="TRUE",
        finding="Nuclei alone: {smallest} to {largest} pixels in one image, up to {voxels:,} "
        "voxels in a stack, {whole:,} pixels in a frame of higher magnification.",
        lesson="Give sizes in micrometres, and every filter its width in them.",
        where="sec-nuclei",
        measure=sizes,
    ),
    Row(
        id="E12.4",
        claim="Images may be three-dimensional: confocal stacks.",
        verdict="GAP",
        finding="Slices lie further apart than pixels, which goes unsaid. On a drawn stack, "
        "slices twice as far apart, telling the code so improves average precision in {better} of "
        "{settings} settings, {ratio:.1f}-fold in the median; the best goes from {without:.2f} to "
        "{with_spacing:.2f}.",
        lesson="Pass the spacing to every step that measures a length.",
        where="sec-stack",
        measure=slices,
    ),
    Row(
        id="E12.5",
        claim="Segmenting cells gets harder as they overlap.",
        verdict="TRUE",
        finding="Threshold and watershed on drawn nuclei: average precision {apart:.3f} apart, "
        "{crowded:.3f} overlapping by up to 6 pixels. On the real nuclei it finds "
        "{real_apart:.2f} of those with room around them and {real_crowded:.2f} of those that "
        "touch.",
        lesson="Score objects, and report the crowded ones apart.",
        where="sec-nuclei tests/errata/test_e12.py::test_e12_5_crowding_costs",
        measure=crowding,
    ),
]
