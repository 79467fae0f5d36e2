"""Section E6, augmentation: what the transforms do to images, to the tissue and to the label."""

from __future__ import annotations

import math

import numpy as np

from lessonlib.augmentation import (
    ElasticDeformation,
    displacement_sd,
    expected_fold_fraction,
    fold_fraction,
    medical_train_transforms,
    warp,
)
from lessonlib.errata.augmentation import (
    CROP_AREA,
    correlation,
    crop_shapes,
    field_as_published,
    field_of_unet,
    flip_scores,
    resampling_errors,
    small_film,
    warp_as_published,
    wedge,
)
from lessonlib.errata.row import Row
from lessonlib.evaluation import Interval, binomial_interval, mean_interval, percentile_interval


def dtypes(seeds: int) -> dict:
    """E6.1: what comes out for the kinds of numbers that medical images hold."""
    from lessonlib import images

    film = small_film()
    twelve_bit = np.round(film * 4095).astype(np.uint16)
    hounsfield = images.head_ct().pixels.astype(np.int16)
    zero, wrapped, ours, bias = [], [], [], []
    for seed in range(seeds):
        u = field_as_published(film.shape, 50, 5, np.random.default_rng(seed))
        zero.append(np.mean(warp_as_published(film, u) == 0))
        right = warp(twelve_bit, u)
        wrapped.append(correlation(warp_as_published(twelve_bit, u), right))
        ours.append(np.abs(right - warp(twelve_bit.astype(float), u)).max())
        bias.append(np.mean(warp_as_published(film * 255, u) - warp(film * 255, u)))
    still = np.zeros((2, *hounsfield.shape))
    return {
        "zero": mean_interval(zero),
        "above_255": float(np.mean(twelve_bit > 255)),
        "wrapped": mean_interval(wrapped),
        "still": correlation(warp_as_published(hounsfield, still), hounsfield),
        "bias": mean_interval(bias),
        "ours_most": float(np.max(ours)),
    }


def strength(seeds: int, side: int = 224, alpha: float = 50, sigma: float = 5) -> dict:
    """How far a setting moves tissue and how much of it it folds, as published."""
    sds, means, largest, folds = [], [], [], []
    for seed in range(seeds):
        u = field_as_published((side, side), alpha, sigma, np.random.default_rng(seed))
        length = np.hypot(*u)
        sds.append(u.std())
        means.append(length.mean())
        largest.append(length.max())
        folds.append(fold_fraction(u))
    return {
        "expected_sd": displacement_sd(alpha, sigma),
        "sd": mean_interval(sds),
        "mean": mean_interval(means),
        "largest": percentile_interval(largest),
        "largest_share": float(np.median(largest)) / side,
        "folded": mean_interval(folds),
        "expected_folded": expected_fold_fraction(alpha, sigma),
        "images": binomial_interval(np.count_nonzero(folds), seeds),
    }


def default_strength(seeds: int) -> dict:
    """E6.2: the defaults, beside settings that keep the tissue in order."""
    numbers = strength(seeds)
    for name, (alpha, sigma) in {"mild": (15, 4), "smooth": (20, 5)}.items():
        numbers[name] = strength(seeds, alpha=alpha, sigma=sigma)["images"]
        numbers[f"{name}_sd"] = displacement_sd(alpha, sigma)
    return numbers


def exercise_strength(seeds: int) -> dict:
    """E6.3: the settings of the exercise on its 64 pixels."""
    return strength(seeds, side=64, alpha=30, sigma=4)


def seeding(seeds: int) -> dict:
    """E6.4: which seed repeats a deformation that draws from NumPy's global generator."""
    import torch

    def repeats(manual_seed, draw, seed: int) -> bool:
        pair = []
        for _ in range(2):
            manual_seed(seed)
            pair.append(draw())
        return np.array_equal(*pair)

    def globally() -> np.ndarray:
        return np.random.randn(8, 8)  # noqa: NPY002  (the point of the row)

    def ours(seed: int) -> np.ndarray:
        generator = torch.Generator().manual_seed(seed)
        return ElasticDeformation(generator=generator).displacement((8, 8))

    before = np.random.get_state()  # noqa: NPY002
    with torch.random.fork_rng(devices=[]):
        by_torch = sum(repeats(torch.manual_seed, globally, seed) for seed in range(seeds))
        by_numpy = sum(repeats(np.random.seed, globally, seed) for seed in range(seeds))
    np.random.set_state(before)  # noqa: NPY002
    by_generator = sum(np.array_equal(ours(seed), ours(seed)) for seed in range(seeds))
    return {"torch": by_torch, "numpy": by_numpy, "ours": by_generator, "seeds": seeds}


def modes(seeds: int) -> dict:
    """E6.5: which kinds of image reach the end of the pipeline."""
    import torch
    from PIL import Image
    from torchvision import transforms

    film = (small_film(64) * 255).astype(np.uint8)
    kinds = {
        "grey": Image.fromarray(film),
        "sixteen": Image.fromarray(film.astype(np.uint16) * 257),
        "colour": Image.fromarray(np.repeat(film[..., None], 3, axis=-1)),
    }
    # The published pipeline's last two steps decide this; the ones before let every kind pass.
    ending = [transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.25] * 3)]
    published = transforms.Compose([transforms.RandomResizedCrop(32, scale=CROP_AREA), *ending])
    own = medical_train_transforms(32, generator=torch.Generator().manual_seed(0))

    def runs(transform, image) -> bool:
        try:
            transform(image)
        except (RuntimeError, ValueError, TypeError):
            return False
        return True

    tried = min(seeds, 20)
    numbers: dict = {"tried": tried}
    with torch.random.fork_rng(devices=[]):
        for name, image in kinds.items():
            numbers[name] = sum(runs(published, image) for _ in range(tried))
            numbers[f"our_{name}"] = sum(runs(own, image) for _ in range(tried))
    return numbers


def stretch(seeds: int) -> dict:
    """E6.6: how much the random crop distorts a square picture and a radiograph."""

    def factors(shape: tuple[int, int], **options) -> np.ndarray:
        shapes = crop_shapes(shape, seeds, **options)
        return np.maximum(shapes, 1 / shapes)

    square, film = factors((256, 256)), factors((3050, 2500))

    def above(values: np.ndarray, limit: float) -> Interval:
        return binomial_interval(int(np.count_nonzero(values > limit)), len(values))

    return {
        "square_5": above(square, 1.05),
        "square_10": above(square, 1.1),
        "square_most": float(square.max()),
        "film_mean": mean_interval(film),
        "film_10": above(film, 1.1),
        "film_most": float(film.max()),
        "fixed_most": float(factors((256, 256), ratio=(1, 1)).max()),
    }


def resampling(seeds: int) -> dict:
    """E6.7: black wedges, and what three look-ups lose against one."""
    errors = [resampling_errors(np.random.default_rng(seed)) for seed in range(seeds)]
    three, one = np.transpose(errors)
    wedges = {f"wedge_{angle}": wedge(angle) for angle in (5, 10, 15)}
    return {
        **wedges,
        "three": mean_interval(three),
        "one": mean_interval(one),
        "ratio": mean_interval(three / one),
    }


def flips(seeds: int) -> dict:
    """E6.8: what mirroring the training films does to two labels."""
    scores = [flip_scores(np.random.default_rng(seed)) for seed in range(seeds)]
    gains = {"presence_gain": ("presence_flip", "presence"), "swap_gain": ("side_swap", "side")}
    return {name: mean_interval([s[name] for s in scores]) for name in scores[0]} | {
        name: mean_interval([s[copies] - s[alone] for s in scores])
        for name, (copies, alone) in gains.items()
    }


def elastic_of_unet(seeds: int) -> dict:
    """E6.9: the field of the U-Net paper beside the episode's."""
    # Everything in units of 4 px: slopes and folds are what they are at the full 572.
    fields = [field_of_unet(np.random.default_rng(seed), 143, 2.5) for seed in range(seeds)]
    slopes = [np.std(np.gradient(u, axis=(1, 2))) for u in fields]
    return {
        "sd": mean_interval([4 * u.std() for u in fields]),
        "slope": mean_interval(slopes),
        "images": binomial_interval(sum(fold_fraction(u) > 0 for u in fields), seeds),
        "published_sd": displacement_sd(50, 5),
        # a Gaussian field's slope: its standard deviation over sqrt(2) sigma
        "published_slope": displacement_sd(50, 5) / (math.sqrt(2) * 5),
    }


def jitter(seeds: int, strength: float = 0.2) -> dict:
    """E6.10: what brightness and contrast jitter do to numbers that have a unit."""
    from lessonlib import images

    ct, scene = images.head_ct().pixels, images.sentinel2()
    low, high = -10.0, 90.0  # the brain window of the file
    shown = np.clip((ct - low) / (high - low), 0, 1)
    red, infrared = scene.band("B04"), scene.band("B08")
    green = _ndvi(red, infrared) > 0.3
    shifts, crossed, kept = [], [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        brightness, contrast = rng.uniform(1 - strength, 1 + strength, 2)
        # torchvision's two formulas, on a pixel of 40 HU, before any clipping
        value = brightness * (40 - low) / (high - low)
        value = contrast * value + (1 - contrast) * min(1.0, brightness * shown.mean())
        shifts.append(abs(low + (high - low) * value - 40))
        factors = rng.uniform(1 - strength, 1 + strength, 2)
        jittered = _ndvi(red * factors[0], infrared * factors[1]) > 0.3
        crossed.append(np.mean(jittered != green))
        kept.append(np.mean((_ndvi(red * brightness, infrared * brightness) > 0.3) != green))
    return {
        "shift": mean_interval(shifts),
        "shift_5": binomial_interval(int(np.count_nonzero(np.array(shifts) > 5)), seeds),
        "per_band": mean_interval(crossed),
        "together": float(np.max(kept)),
    }


def _ndvi(red: np.ndarray, infrared: np.ndarray) -> np.ndarray:
    """Normalised difference of two bands."""
    return (infrared - red) / (infrared + red + 1e-8)


_TESTS = "tests/errata/test_e6.py::"

ROWS = [
    Row(
        id="E6.1",
        claim="Its elastic deformation suits medical images as they come.",
        verdict="FALSE",
        measure=dtypes,
        finding="It ends in a cast to 8 bits. A film of floats in [0, 1] comes out as zeros "
        "({zero.value:.1%} of its pixels). A 12-bit film, {above_255:.0%} of it above 255, wraps "
        "around and correlates {wrapped:.2f} with what it should be. Hounsfield units correlate "
        "{still:.2f} with themselves although nothing was moved. Floats up to 255 darken by "
        "{bias:.2f}, as they are cut off, not rounded.",
        lesson="Keep dtype and range: floats stay floats, integers are rounded, a mask moves by "
        "the same field to the nearest pixel.",
        where="augmentation-any-image",
    ),
    Row(
        id="E6.2",
        claim="alpha = 50, sigma = 5 imitates the variation of tissue.",
        verdict="MISLEADING",
        measure=default_strength,
        finding="Each pixel moves {sd:.2f} px along each axis (expected {expected_sd:.2f}), the "
        "furthest {largest:.1f} px. {folded:.1%} of the pixels are turned inside out (expected "
        "½·exp(−4πσ⁴/α²) = {expected_folded:.1%}), in {images:.2f} of the images. Images that fold "
        "at alpha 15, sigma 4: {mild:.2f}; at alpha 20, sigma 5: {smooth:.2f}.",
        lesson="Choose alpha against sigma²: the fold share depends on alpha/sigma² alone. State "
        "the strength in pixels or millimetres.",
        where="fig-fold-curve",
    ),
    Row(
        id="E6.3",
        claim="alpha = 30, sigma = 4 is a mild deformation for the exercise's 64 pixels.",
        verdict="MISLEADING",
        measure=exercise_strength,
        finding="{sd:.2f} px along each axis, {mean:.2f} px on average, the furthest "
        "{largest:.1f} px, {largest_share:.0%} of the width. {folded:.1%} of the pixels fold, in "
        "{images:.2f} of the images.",
        lesson="A strength in pixels means nothing without the size of the picture.",
        where=_TESTS + "test_e6_3_the_exercise_folds_every_image",
    ),
    Row(
        id="E6.4",
        claim="The deformation can be used in a PyTorch pipeline like any other transform.",
        verdict="GAP",
        measure=seeding,
        finding="It draws from NumPy's global generator. `torch.manual_seed` repeated it for "
        "{torch} of {seeds} seeds, `np.random.seed` for {numpy}; a generator handed over repeats "
        "ours for {ours}.",
        lesson="Hand a generator to everything that draws.",
        where="augmentation-randomness",
    ),
    Row(
        id="E6.5",
        claim="`medical_train_transforms` is a pipeline for medical images.",
        verdict="FALSE",
        measure=modes,
        finding="It normalises three channels. Of {tried} tries each, {grey} greyscale films, "
        "{sixteen} 16-bit films and {colour} colour pictures get through; ours: {our_grey}, "
        "{our_sixteen} and {our_colour}. The elastic deformation and the noise that the text calls "
        "safe are not in it.",
        lesson="Build the pipeline for the channels you have, and put in what you recommend.",
        where="augmentation-pipeline",
    ),
    Row(
        id="E6.6",
        claim="A random crop of 85–100% of the area is safe.",
        verdict="MISLEADING",
        measure=stretch,
        finding="The crop also changes the shape: `ratio` is left at 3/4 to 4/3. Of a square "
        "picture's crops {square_5:.2f} are stretched by more than 5%, {square_10:.2f} by more "
        "than 10%, one by {square_most:.2f}. A radiograph of 2500 × 3050 is stretched by "
        "{film_mean:.2f} on average, {film_10:.2f} of its crops by more than 10%. With ratio "
        "(1, 1) the largest is {fixed_most:.2f}.",
        lesson="Pad to a square, then crop squares. A ratio of two widths survives a stretch, as "
        "both are stretched; roundness, and width against height, do not.",
        where="fig-stretch",
    ),
    Row(
        id="E6.7",
        claim="Small rotations are safe as they stand in the pipeline.",
        verdict="GAP",
        measure=resampling,
        finding="They fill with black: {wedge_5:.1%}, {wedge_10:.1%} and {wedge_15:.1%} of the "
        "frame at 5, 10 and 15°. Rotation, shift and crop read the film three times, twice from "
        "the nearest pixel: an error of {three:.4f} of the grey scale against {one:.4f} for one "
        "linear look-up, {ratio:.1f} times as much.",
        lesson="Add up all motions, read once, bilinearly, and fill with the background's level.",
        where="augmentation-pipeline",
    ),
    Row(
        id="E6.8",
        claim="Medical images must never be flipped; flips have tripped up published work.",
        verdict="DEPENDS",
        measure=flips,
        finding="40 films with drawn nodules, a linear classifier. Is there a nodule? AUC "
        "{presence:.2f}, with mirrored copies {presence_flip:.2f}: better. In which half? "
        "{side:.2f}, with mirrored copies {side_flip:.2f}: nearly a coin toss. With the label "
        "mirrored too {side_swap:.2f}. The first author of the 2018 pneumonia study trains a "
        "reproduction of CheXNet with flips (jrzech/reproduce-chexnet, model.py); nnU-Net mirrors "
        "by default, and an author says that it might be disabled where labels name a side (issues "
        "80 and 869). No source was found for the published work that is meant.",
        lesson="Flip where neither label nor protocol knows left from right, or flip both.",
        where="fig-flip-scores",
    ),
    Row(
        id="E6.9",
        claim="Elastic deformation is the single most effective augmentation for segmentation.",
        verdict="CITE",
        measure=elastic_of_unet,
        finding="The U-Net paper (2015, section 3.1) says that elastic deformations seem to be the "
        "key concept for training with very few images. Its field is another: {sd:.1f} px strong "
        "with a slope of {slope:.3f} against {published_sd:.1f} px with {published_slope:.2f}, and "
        "{images:.2f} of its fields fold. nnU-Net sets the probability of elastic deformation "
        "to 0 (nnUNetTrainer.py, commit 017de4a).",
        lesson="It helped U-Net in 2015 and is off in nnU-Net: test it on your data.",
        where="augmentation-which",
    ),
    Row(
        id="E6.10",
        claim="Brightness and contrast jitter is safe, heavy colour jitter is not.",
        verdict="DEPENDS",
        measure=jitter,
        finding="Not where a number has a unit. A factor of 0.8–1.2 on brightness and on contrast "
        "moves brain tissue of 40 HU by {shift:.1f} HU on average, by more than 5 HU in "
        "{shift_5:.2f} of the draws. Factors drawn per band move {per_band:.1%} of a satellite "
        "scene across the vegetation threshold; one factor for all bands moves {together:.1%}.",
        lesson="Jitter what the machine chose (exposure, gain, stain), not a calibrated quantity.",
        where="fig-safe-where",
    ),
]
