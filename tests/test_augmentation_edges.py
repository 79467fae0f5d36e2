"""The compiled libraries behind warps and pipelines, at the edges of shape, dtype and strides.

In a process of its own: a crash of OpenCV or torch fails one test and not the run.
"""

import subprocess
import sys

import numpy as np
import pytest
import torch

from lessonlib.augmentation import (
    AugmentationValidator,
    ElasticDeformation,
    fold_fraction,
    jacobian_determinant,
    warp,
)

EDGES = """
import faulthandler; faulthandler.enable()
import itertools
import numpy as np
from lessonlib.augmentation import ElasticDeformation, warp

rng = np.random.default_rng(0)
dtypes = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8",
          ">u2", ">i4", ">f4", ">f8", ">f2"]
shapes = [(1, 1), (1, 50), (50, 1), (2, 3), (17, 33), (5, 9, 12), (3, 4, 4)]
views = {
    "plain": lambda a: a,
    "mirrored": lambda a: a[..., ::-1],
    "Fortran": np.asfortranarray,
    "read-only": lambda a: np.frombuffer(a.tobytes(), a.dtype).reshape(a.shape),
    "one value": lambda a: np.broadcast_to(a[..., :1], a.shape),
    "every second": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
}
for dtype, shape in itertools.product(dtypes, shapes):
    drawn = rng.random(shape) * 100
    drawn = drawn > 50 if dtype == "?" else drawn.astype(dtype)
    for name, view in views.items():
        image = view(drawn)
        plain = np.array(image, order="C", dtype=image.dtype.newbyteorder("="))
        both = []
        for given in (image, plain):
            mask = given if given.ndim == 2 else given[0]
            both.append(ElasticDeformation(9, 3, generator=1, channel_axis=0)(given, mask))
        (moved, labels), (want, wanted) = both
        assert moved.dtype == image.dtype and moved.shape == image.shape, (dtype, shape, name)
        assert np.array_equal(moved, want) and np.array_equal(labels, wanted), (dtype, shape, name)
        still = warp(image, np.zeros((2, *shape[-2:])))
        assert np.allclose(still, plain, rtol=0, atol=2e-5), (dtype, shape, name)
for shape in ((40_000, 2), (2, 40_000)):
    assert ElasticDeformation(5, 2, generator=0)(np.zeros(shape, np.uint8)).shape == shape
print("done")
"""


def test_nothing_dies_or_depends_on_memory_at_the_edges():
    done = subprocess.run(
        [sys.executable, "-c", EDGES], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr[-2000:]


@pytest.mark.parametrize(
    ("image", "error", "words"),
    [
        (np.zeros((5, 5), complex), TypeError, "image must have a real dtype"),
        (np.zeros((5, 5), object), TypeError, "image must have a real dtype"),
        (np.zeros((5, 5), np.longdouble), TypeError, "image must have a real dtype"),
        (np.zeros((5, 5), "M8[s]"), TypeError, "image must have a real dtype"),
        (np.zeros((0, 5)), ValueError, "image must"),
        (np.ma.masked_equal(np.eye(5), 1), ValueError, r"image must not hold masked.*filled"),
    ],
)
def test_arrays_that_cannot_be_moved_are_refused_by_name(image, error, words):
    with pytest.raises(error, match=words):
        warp(image, np.zeros((2, *image.shape)))
    with pytest.raises(error, match=words):
        ElasticDeformation()(image)


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (
            torch.zeros(4, 5).to_sparse(),
            r"dense tensor with numbers, got one torch\.sparse",
        ),
        (torch.zeros(4, 5, device="meta"), "on the device 'meta'"),
        (torch.zeros(4, 5, dtype=torch.float8_e4m3fn), "float8"),
        (torch.zeros(4, 5, dtype=torch.complex64), "image must have a real dtype"),
        (torch.zeros(4, 5, dtype=torch.complex64).conj(), "image must have a real dtype"),
    ],
)
def test_tensors_that_numpy_cannot_hold_are_refused_by_name(tensor, words):
    with pytest.raises(TypeError, match=words):
        ElasticDeformation()(tensor)


def test_the_remedy_for_a_mask_works():
    image = np.ma.masked_greater(np.random.default_rng(0).random((20, 20)), 0.9)
    filled = image.filled(np.nan)
    moved = ElasticDeformation(5, 2, generator=0)(filled)
    assert 0 < np.isnan(moved).mean() < 1
    with pytest.raises(ValueError, match="mask must not hold masked"):
        ElasticDeformation()(filled, image)


def test_lazy_arrays_with_masks_are_refused_and_stay_lazy():
    da = pytest.importorskip("dask.array")
    image = da.ma.masked_greater(da.zeros((20, 20), chunks=10), 0.5)
    with pytest.raises(ValueError, match=r"image must not hold masked.*da?s?k?.*filled"):
        ElasticDeformation()(image)


@pytest.mark.parametrize("alpha", [1e9, 1e300])
def test_displacements_beyond_any_picture_are_refused(alpha):
    with pytest.raises(ValueError, match="must keep displacements below 16000 px"):
        ElasticDeformation(alpha, 3, generator=0)(np.zeros((20, 20)))


@pytest.mark.parametrize(
    ("displacement", "error", "words"),
    [
        (np.zeros((2, 5, 5), complex), TypeError, "displacement must hold real numbers"),
        (np.full((2, 5, 5), np.nan), ValueError, "displacement must be finite"),
        (np.ma.masked_equal(np.zeros((2, 5, 5)), 0), ValueError, "displacement must not hold"),
    ],
)
def test_displacements_are_checked_alike(displacement, error, words):
    for use in (jacobian_determinant, fold_fraction, lambda u: warp(np.zeros((5, 5)), u)):
        with pytest.raises(error, match=words):
            use(displacement)


def test_the_validator_refuses_masks_and_complex_numbers():
    validator = AugmentationValidator()
    image = validator.generate()
    with pytest.raises(ValueError, match="image must not hold masked"):
        validator.signal_preservation(image, np.ma.masked_greater(image, 0.5))
    with pytest.raises(TypeError, match="image must hold real numbers"):
        validator.augment(image * 1j)
