"""Elastic deformation of pictures ``(N, H, W)``, float32 in [0, 1], as each library does it.

All are set to the same strength: displacements of standard deviation 2.82 px per axis, with a
correlation that falls to 1/e at 10 px, which is what alpha = 50 and sigma = 5 mean. Each function
says how its own parameters come to that; the agreement check measures whether they do.
"""

from __future__ import annotations

import math

import numpy as np

ALPHA, SIGMA = 50.0, 5.0
SD = ALPHA / (2 * math.sqrt(math.pi) * SIGMA)  # displacement per axis, in pixels
UNIFORM = math.sqrt(3)  # the standard deviation of noise uniform on [-1, 1] is 1/√3


def ours(images):
    from lessonlib.augmentation import ElasticDeformation

    deform = ElasticDeformation(ALPHA, SIGMA, generator=0)
    batch = images[:, None]
    return lambda: deform(batch)[:, 0]


def scipy(images):
    """The definition, word by word: Simard et al. in SciPy, with single precision throughout."""
    from scipy import ndimage

    rng = np.random.default_rng(0)
    shape = images.shape[1:]
    pixels = np.mgrid[: shape[0], : shape[1]].astype(np.float32)

    def deform(image):
        noise = rng.standard_normal((2, *shape), dtype=np.float32)
        u = ALPHA * np.stack([ndimage.gaussian_filter(n, SIGMA) for n in noise])
        return ndimage.map_coordinates(image, pixels + u, order=1, mode="nearest")

    return lambda: np.stack([deform(image) for image in images])


def _albumentations(images, alpha, noise):
    import albumentations as library

    elastic = library.ElasticTransform(alpha, SIGMA, noise_distribution=noise, p=1)
    transform = library.Compose([elastic], seed=0)
    pictures = [np.ascontiguousarray(image[..., None]) for image in images]
    return lambda: np.stack([transform(image=p)["image"][..., 0] for p in pictures])


def albumentations(images):
    """Its default, normal noise, divided by its own largest value: 4.9 deviations at 512²."""
    return _albumentations(images, 4.9 * ALPHA, "gaussian")


def albumentations_uniform(images):
    """Uniform noise is drawn faster, and smoothed it is nearly normal again."""
    return _albumentations(images, ALPHA * UNIFORM, "uniform")


def albumentations_as_typed(images):
    """What alpha = 50 does there: displacements a fifth as long."""
    return _albumentations(images, ALPHA, "gaussian")


def _torchvision(images, alpha):
    import torch
    from torchvision.transforms import v2

    torch.manual_seed(0)
    transform = v2.ElasticTransform(alpha, SIGMA)
    batch = torch.from_numpy(images)[:, None]
    return lambda: transform(batch)[:, 0]


def torchvision(images):
    """Uniform noise, half of alpha, and one field for the whole batch."""
    return _torchvision(images, 2 * ALPHA * UNIFORM)


def torchvision_as_typed(images):
    """What alpha = 50 does there: displacements less than a third as long."""
    return _torchvision(images, ALPHA)


def kornia(images):
    """Uniform noise; alpha counts in halves of the picture's side; kernel of ±4 sigma."""
    import torch
    from kornia.augmentation import RandomElasticTransform

    torch.manual_seed(0)
    height, width = images.shape[1:]
    transform = RandomElasticTransform(
        kernel_size=(41, 41),
        sigma=(SIGMA, SIGMA),
        alpha=(2 * ALPHA * UNIFORM / width, 2 * ALPHA * UNIFORM / height),
        p=1,
    )
    batch = torch.from_numpy(images)[:, None]
    return lambda: transform(batch)[:, 0]


def nnunet(images):
    """Scales each field so that its largest displacement is the magnitude: 4.2 deviations."""
    import torch
    from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform

    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 (it takes no generator)
    transform = SpatialTransform(
        images.shape[1:],
        0,
        False,
        p_elastic_deform=1,
        elastic_deform_scale=SIGMA / images.shape[1],
        elastic_deform_magnitude=4.2 * SD,
        padding_mode_image="border",
    )
    pictures = [torch.from_numpy(image)[None] for image in images]
    return lambda: np.stack([transform(image=p)["image"][0].numpy() for p in pictures])


def monai(images):
    """Normal offsets on control points, brought to the pixels by bicubic interpolation."""
    import torch
    from monai.transforms import Rand2DElastic

    transform = Rand2DElastic(
        spacing=(13, 13), magnitude_range=(1.15 * SD, 1.15 * SD), prob=1, padding_mode="border"
    )
    transform.set_random_state(0)
    pictures = [torch.from_numpy(image)[None] for image in images]
    return lambda: np.stack([transform(p)[0].numpy() for p in pictures])


def elasticdeform(images):
    """Normal offsets on control points, brought to the pixels by cubic splines."""
    import elasticdeform as library

    np.random.seed(0)  # noqa: NPY002 (it takes no generator)
    points = images.shape[1] // 12 + 1

    def deform(image):
        return library.deform_random_grid(
            image, sigma=1.15 * SD, points=points, order=1, mode="nearest"
        )

    return lambda: np.stack([deform(image) for image in images])


def torchio(images):
    """Uniform offsets on control points, spread by cubic B-splines that average them."""
    import warnings

    import torch
    import torchio as library

    torch.manual_seed(0)
    warnings.simplefilter("ignore")  # it warns of folds, which alpha = 50 and sigma = 5 do make
    points = images.shape[1] // 8 + 3
    transform = library.RandomElasticDeformation(
        num_control_points=(points, points, 4),
        max_displacement=(5.3 * SD, 5.3 * SD, 0),
        locked_borders=0,
    )
    pictures = [torch.from_numpy(image)[None, ..., None] for image in images]
    return lambda: np.stack([transform(p)[0, ..., 0].numpy() for p in pictures])


def remap(images):
    """No field at all, only the look-up at given places: the floor under every other row."""
    import cv2

    rng = np.random.default_rng(0)
    height, width = images.shape[1:]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    dy, dx = cv2.blur(rng.normal(0, 40, (height, width, 2)).astype(np.float32), (15, 15)).T
    x, y = x + dx.T, y + dy.T
    return lambda: np.stack(
        [cv2.remap(p, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for p in images]
    )
