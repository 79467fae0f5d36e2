"""Statements of fact about satellite images: measured on the real scenes of the course."""

from __future__ import annotations

import numpy as np

from lessonlib.errata.row import Row


def grids(seeds: int) -> dict:
    """F9: how many bands a tile has on each grid, and how much of 13 bands at 10 m is measured."""
    from lessonlib import images

    del seeds  # nothing is drawn
    native = images.sentinel2_native()
    finest = max(band.shape[0] for band in native.values())
    sides = {metres: 109_800 // metres for metres in (10, 20, 60)}
    count = {
        metres: sum(band.shape[0] * metres == finest * 10 for band in native.values())
        for metres in sides
    }
    measured = sum(band.size for band in native.values())
    return {
        "at10": count[10],
        "at20": count[20],
        "at60": count[60],
        "side10": sides[10],
        "side20": sides[20],
        "side60": sides[60],
        "measured": measured / (len(native) * finest**2),
    }


def tiny(seeds: int) -> dict:
    """F19: what a car is of a pixel, and pieces of water at 10 and at 60 m."""
    from skimage.measure import label

    from lessonlib import images
    from lessonlib.satellite import coarsen, spectral_index, survey_object

    del seeds  # every place is tried
    native = images.sentinel2_native()  # whole numbers: no mean depends on the order of its sum
    pieces, area = {}, {}
    for factor in (1, 6):
        green, nir = (coarsen(native[name], factor) for name in ("B03", "B08"))
        wet = spectral_index("NDWI", G=green, N=nir) > 0
        pieces[factor], area[factor] = int(label(wet, connectivity=1).max()), wet.mean()
    return {
        "car": 4.5 * 1.8 / 100,
        "hectare60": 100 * 100 / 60**2,
        "kept": survey_object(3, 6).range[1],
        "lost": survey_object(3, 6, "nearest").lost(0.5),
        "before": pieces[1],
        "after": pieces[6],
        "area": 100 * abs(area[1] - area[6]),
    }


def left_out(seeds: int) -> dict:
    """F20: each step of the list left out, as the index of vegetation sees it."""
    from lessonlib import images
    from lessonlib.satellite import cloud_mask, landsat_reflectance, spectral_index

    del seeds
    scene = images.landsat8()
    red, nir = (landsat_reflectance(scene.band(b), *scene.reflectance_scale) for b in ("B4", "B5"))
    right = spectral_index("NDVI", N=nir, R=red)
    raw = spectral_index("NDVI", N=scene.band("B5"), R=scene.band("B4"))
    hidden = cloud_mask(scene.qa, "pre-collection")
    moved = np.abs(right[1:, 1:] - right[:-1, :-1])[~hidden[1:, 1:] & ~hidden[:-1, :-1]]
    return {
        "clear": right[~hidden].mean(),
        "uncalibrated": raw[~hidden].mean(),
        "unmasked": right.mean(),
        "hidden": hidden.mean(),
        "moved": moved.mean(),
    }


ROWS = [
    Row(
        id="F9",
        claim="One tile of Sentinel-2 is 10,980 by 10,980 pixels at 10 m.",
        verdict="MISLEADING",
        finding="True of {at10} of its 13 bands; {at20} have {side20:,} pixels on a side, at 20 "
        "m, and {at60} have {side60:,}, at 60 m (a tile is 109.8 km wide {{cite:p}}`hls-s10`). "
        "Of 13 bands repeated to 10 m, {measured:.0%} of the numbers are measured and the rest "
        "are copies.",
        lesson="Say which band, and never split copies between training and test.",
        where="sec-three-grids fig-three-grids",
        measure=grids,
    ),
    Row(
        id="F18",
        claim="ImageNet's statistics must not be used for such images; the section on training "
        "uses them.",
        verdict="GAP",
        finding="Both are right, and the difference is not said: the statistics belong to "
        "weights that were trained with them, and to pictures of three channels toned like "
        "photographs.",
        lesson="ImageNet's statistics with ImageNet's weights; your own with your own first layer.",
        where="sec-imagenet",
    ),
    Row(
        id="F19",
        claim="The objects of interest are often tiny: a building, a few hectares of clearing, "
        "single vehicles.",
        verdict="DEPENDS",
        finding="On Sentinel-2 a car of 4.5 m × 1.8 m fills {car:.0%} of a pixel of 10 m, and a "
        "hectare is {hectare60:.1f} pixels of 60 m. Reduced sixfold, an object of 30 m keeps "
        "{kept:.2f} of its contrast by averaging and vanishes in {lost:.0%} of its places by "
        "nearest neighbour. On the real coast, {before} pieces of water at 10 m become {after} "
        "at 60 m while the area changes by {area:.1f} percentage points.",
        lesson="Compare the object with the pixel first, and count objects, not only pixels.",
        where="sec-tiny fig-kept fig-water-pieces",
        measure=tiny,
    ),
    Row(
        id="F20",
        claim="Before any model come atmospheric correction, cloud masks, radiometric "
        "calibration and georeferencing.",
        verdict="TRUE",
        finding="Mean NDVI of a real plain is {clear:.2f} where it is clear. Without calibration "
        "it is {uncalibrated:.2f}; without the mask, {unmasked:.2f}, for {hidden:.0%} of the "
        "pixels are hidden; a shift of one pixel down and to the right changes a clear pixel by "
        "{moved:.2f} on average. None of the wrong values is out of range. The course calibrates "
        "and masks. It does not correct for the atmosphere: its reflectances are those at the top "
        "of it. It does not register or reproject: the one shift is made by hand.",
        lesson="Calibrate, look at the mask over the picture, and say which steps were left out.",
        where="sec-reflectance sec-clouds fig-dead-forest-colour",
        measure=left_out,
    ),
]
