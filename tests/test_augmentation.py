"""Elastic deformation against SciPy's map_coordinates, for every container, dtype and mishap."""

import math
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from scipy.ndimage import map_coordinates

from lessonlib.augmentation import ElasticDeformation, displacement_sd, warp
from lessonlib.augmentation import warp as warp_function

warping = sys.modules[warp_function.__module__]

DTYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "i8", "f2", "f4", "f8", ">u2", ">f4", ">f8"]


def reference(image, displacement, order=1):
    """Read `image` at displaced places with SciPy, in float64, repeating the border."""
    grid = np.indices(image.shape) + np.asarray(displacement, dtype=np.float64)
    places = [np.clip(g, 0, n - 1) for g, n in zip(grid, image.shape, strict=True)]
    return map_coordinates(image.astype(np.float64), places, order=order)


def picture(shape=(70, 90), dtype="f4", seed=0, high=200):
    rng = np.random.default_rng(seed)
    low = -high if np.dtype(dtype).kind == "i" else 0
    high = 2 if dtype == "?" else 120 if dtype == "i1" else high
    low = -120 if dtype == "i1" else low
    return rng.uniform(low, high, shape).astype(dtype)


# --- right, for every dtype -------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_equals_scipy_and_keeps_the_dtype(dtype):
    image = picture(dtype=dtype)
    u = ElasticDeformation(generator=3).displacement(image.shape)
    got = ElasticDeformation(generator=3)(image)
    assert got.dtype == image.dtype
    want = reference(image, u)
    span = float(image.max()) - float(image.min())
    if image.dtype.kind in "iub":
        off = got.astype(float) - want
        assert np.abs(off).max() <= 0.5 + 1e-4
        assert np.abs(off.mean()) < 0.02 * max(1, span / 200)  # rounded, not cut off
    else:
        tolerance = 1e-3 if dtype == "f2" else 2e-7
        np.testing.assert_allclose(got.astype(float), want, atol=tolerance * span)


@pytest.mark.parametrize("dtype", DTYPES)
def test_mask_moves_by_the_same_field_to_the_nearest_pixel(dtype):
    image = picture()
    mask = picture(dtype=dtype, seed=1)
    u = ElasticDeformation(generator=3).displacement(image.shape)
    _, got = ElasticDeformation(generator=3)(image, mask)
    assert got.dtype == mask.dtype
    y, x = np.indices(mask.shape) + u.astype(float)
    row, column = (np.clip(p, 0, n - 1) for p, n in zip((y, x), mask.shape, strict=True))
    # Where a place lies half-way between two pixels either is right.
    clear = (np.abs(row % 1 - 0.5) > 1e-3) & (np.abs(column % 1 - 0.5) > 1e-3)
    want = mask[np.rint(row).astype(int), np.rint(column).astype(int)]
    assert clear.mean() > 0.98
    np.testing.assert_array_equal(got[clear], want[clear])


def test_a_ramp_shows_the_displacement_in_pixels():
    u = ElasticDeformation(generator=5).displacement((80, 100))
    y, x = np.indices((80, 100)).astype(np.float32)
    for axis, ramp in ((0, y), (1, x)):
        moved = ElasticDeformation(generator=5)(ramp)
        inside = (slice(20, -20), slice(20, -20))
        np.testing.assert_allclose((moved - ramp)[inside], u[axis][inside], atol=1e-4)


def test_large_64_bit_labels_keep_every_bit():
    mask = np.full((30, 30), 2**62 + 1)
    mask[10:20] = -(2**61) - 3
    _, got = ElasticDeformation(generator=0)(np.zeros((30, 30)), mask)
    assert set(np.unique(got)) == set(np.unique(mask))


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.int16, np.float32, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=3, min_side=5, max_side=20),
        elements={"allow_nan": False, "allow_infinity": False, "min_value": 0, "max_value": 200},
    ),
    st.integers(0, 2**32),
    st.floats(0.5, 8),
)
@settings(max_examples=80, deadline=None)
def test_shape_dtype_range_and_labels_are_kept(image, seed, sigma):
    before = image.copy()
    labels = (np.arange(np.prod(image.shape[-2:])) % 7).reshape(image.shape[-2:])
    moved, mask = ElasticDeformation(40, sigma, generator=seed, channel_axis=0)(image, labels)
    assert moved.shape == image.shape
    assert moved.dtype == image.dtype
    assert moved.min() >= image.min()
    assert moved.max() <= image.max()
    assert set(np.unique(mask)) <= set(np.unique(labels))
    np.testing.assert_array_equal(image, before)


def test_the_range_is_kept_to_the_last_bit():
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        for low, high in np.sort(rng.normal(size=(40, 2)).astype(dtype), axis=1):
            image = np.where(rng.random((24, 24)) < 0.5, low, high)
            moved = ElasticDeformation(5, 6, generator=rng)(image)
            assert moved.min() >= low
            assert moved.max() <= high


@given(hnp.arrays(np.float64, (6, 7), elements=st.floats(-1e300, 1e300)), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_alpha_zero_changes_nothing(image, seed):
    moved = ElasticDeformation(0, 5, generator=seed)(image)
    np.testing.assert_array_equal(moved, image)
    assert moved is not image


@pytest.mark.parametrize("value", [0.0, 0.1, 255, -1000])
def test_a_constant_image_stays_constant(value):
    image = np.full((40, 40), value)
    np.testing.assert_array_equal(ElasticDeformation(generator=0)(image), image)


def test_small_structure_on_a_large_offset_survives():
    image = 1e9 + picture(dtype="f8", high=1)
    u = ElasticDeformation(generator=1).displacement(image.shape)
    got = ElasticDeformation(generator=1)(image)
    np.testing.assert_allclose(got - 1e9, reference(image - 1e9, u), atol=1e-6)


# --- tiles, size ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "i2", "f4", "f8"])
def test_the_answer_does_not_depend_on_the_tiles(dtype, monkeypatch):
    image, mask = picture((130, 150), dtype), picture((130, 150), "u1", seed=1)
    whole = ElasticDeformation(generator=2)(image, mask)
    monkeypatch.setattr(warping, "_TILE", 37)
    tiled = ElasticDeformation(generator=2)(image, mask)
    np.testing.assert_array_equal(tiled[0], whole[0])
    np.testing.assert_array_equal(tiled[1], whole[1])


def test_pictures_wider_than_opencv_allows():
    image = picture((12, 40_000))
    u = ElasticDeformation(generator=2).displacement(image.shape)
    got = ElasticDeformation(generator=2)(image)
    np.testing.assert_allclose(got, reference(image, u), atol=1e-4)


def test_a_displacement_beyond_reach_is_refused():
    with pytest.raises(ValueError, match="alpha and sigma must keep displacements below"):
        ElasticDeformation(1e6, 5, generator=0)(np.zeros((20, 20)))


# --- layouts and containers -------------------------------------------------------------------


def test_channels_move_together():
    image = picture((3, 60, 50))
    moved = ElasticDeformation(generator=4)(image)
    u = ElasticDeformation(generator=4).displacement((60, 50))
    for got, plane in zip(moved, image, strict=True):
        np.testing.assert_allclose(got, reference(plane, u), atol=1e-4)


def test_channels_last_by_argument():
    image = picture((60, 50, 3))
    moved = ElasticDeformation(generator=4, channel_axis=-1)(image)
    first = ElasticDeformation(generator=4)(np.moveaxis(image, -1, 0))
    np.testing.assert_array_equal(moved, np.moveaxis(first, 0, -1))
    batch = np.stack([image, image])
    moved = ElasticDeformation(generator=4, channel_axis=-1)(batch)
    assert moved.shape == batch.shape
    np.testing.assert_array_equal(moved[0], np.moveaxis(first, 0, -1))


def test_channels_last_without_the_argument_are_refused():
    image = picture((60, 50, 3))
    with pytest.raises(ValueError, match=r"60 channels 3 px wide: pass channel_axis=-1"):
        ElasticDeformation()(image)
    assert ElasticDeformation(channel_axis=0)(image).shape == image.shape


def test_a_batch_gets_a_field_per_picture():
    image = picture((1, 60, 50))
    moved, mask = ElasticDeformation(generator=4)(np.stack([image] * 3), np.stack([image[0]] * 3))
    rng = np.random.default_rng(4)
    for got, got_mask in zip(moved, mask, strict=True):
        deform = ElasticDeformation(generator=rng)
        want, want_mask = deform(image, image[0])
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(got_mask, want_mask)
    assert not np.array_equal(moved[0], moved[1])


@pytest.mark.parametrize("mask_shape", [(3, 60, 50), (3, 1, 60, 50), (3, 2, 60, 50)])
def test_masks_of_a_batch(mask_shape):
    mask = picture(mask_shape, "u1")
    batch = picture((3, 2, 60, 50))
    _, moved = ElasticDeformation(generator=0)(batch, mask)
    assert moved.shape == mask_shape


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "I;16", "I", "F"])
def test_pil_modes(mode):
    rng = np.random.default_rng(0)
    bands = {"RGB": 3, "RGBA": 4, "LA": 2}.get(mode)
    dtype = {"1": bool, "I;16": np.uint16, "I": np.int32, "F": np.float32}.get(mode, np.uint8)
    shape = (40, 50) if bands is None else (40, 50, bands)
    array = rng.integers(0, 2 if mode == "1" else 250, shape).astype(dtype)
    image = Image.fromarray(array)
    assert image.mode == mode
    moved, mask = ElasticDeformation(generator=1)(image, image.convert("L"))
    assert (moved.mode, moved.size, mask.mode) == (mode, image.size, "L")
    want = ElasticDeformation(generator=1, channel_axis=-1)(array)
    np.testing.assert_array_equal(np.asarray(moved), want)


def test_palette_images_are_refused_as_images_and_kept_as_masks():
    mask = Image.fromarray(picture((40, 50), "u1")).convert("P")
    with pytest.raises(ValueError, match=r"image.convert\('RGB'\) first"):
        ElasticDeformation()(mask)
    _, moved = ElasticDeformation(generator=0)(Image.new("L", mask.size), mask)
    assert moved.mode == "P"
    assert moved.getpalette() == mask.getpalette()


@pytest.mark.parametrize(
    "dtype", [torch.uint8, torch.uint16, torch.float16, torch.bfloat16, torch.float32, torch.bool]
)
def test_tensors(dtype):
    image = (torch.rand(2, 40, 50) * 200).to(dtype)
    moved = ElasticDeformation(generator=1)(image)
    assert (moved.dtype, moved.shape, type(moved)) == (dtype, image.shape, torch.Tensor)
    array = image.float().numpy() if dtype == torch.bfloat16 else image.numpy()
    want = torch.from_numpy(ElasticDeformation(generator=1)(array)).to(dtype)
    assert torch.equal(moved, want)


def test_tv_tensors_stay_what_they_are():
    from torchvision import tv_tensors

    image, mask = tv_tensors.Image(torch.rand(1, 30, 30)), tv_tensors.Mask(torch.ones(30, 30))
    moved, moved_mask = ElasticDeformation(generator=0)(image, mask)
    assert type(moved) is tv_tensors.Image
    assert type(moved_mask) is tv_tensors.Mask


def test_tensors_with_gradient_are_refused():
    with pytest.raises(ValueError, match=r"pass image.detach\(\)"):
        ElasticDeformation()(torch.rand(1, 9, 9, requires_grad=True))


@pytest.mark.parametrize("order", ["C", "F", "strided", "reversed"])
def test_any_memory_layout(order):
    image = picture((40, 60))
    image = {
        "C": image,
        "F": np.asfortranarray(image),
        "strided": picture((80, 120))[::2, ::2],
        "reversed": image[::-1, ::-1],
    }[order]
    got = ElasticDeformation(generator=0)(image, image)
    want = ElasticDeformation(generator=0)(image.copy(), image.copy())
    np.testing.assert_array_equal(got[0], want[0])
    np.testing.assert_array_equal(got[1], want[1])


def test_read_only_arrays_are_fine():
    image = picture()
    image.setflags(write=False)
    assert ElasticDeformation(generator=0)(image).shape == image.shape


# --- randomness -------------------------------------------------------------------------------


def test_a_seed_repeats_and_calls_differ():
    image = picture()
    first, second = ElasticDeformation(generator=7), ElasticDeformation(generator=7)
    a, b = first(image), first(image)
    np.testing.assert_array_equal(a, second(image))
    np.testing.assert_array_equal(b, second(image))
    assert not np.array_equal(a, b)
    assert not np.array_equal(ElasticDeformation()(image), ElasticDeformation()(image))


def test_generators_of_numpy_and_torch_are_drawn_from():
    image = picture()
    rng, same = np.random.default_rng(7), np.random.default_rng(7)
    np.testing.assert_array_equal(
        ElasticDeformation(generator=rng)(image), ElasticDeformation(generator=same)(image)
    )
    torches = [torch.Generator().manual_seed(7) for _ in range(2)]
    a, b = (ElasticDeformation(generator=g) for g in torches)
    np.testing.assert_array_equal(a(image), b(image))
    assert not np.array_equal(a(image), a(image))


def test_global_state_is_neither_read_nor_changed():
    image = picture()
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    a = ElasticDeformation(generator=torch.Generator().manual_seed(1))(image)
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    b = ElasticDeformation(generator=torch.Generator().manual_seed(1))(image)
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", [lambda: 5, lambda: torch.Generator().manual_seed(5)])
def test_loader_workers_with_copies_of_the_generator_differ(make, monkeypatch):
    import torch.utils.data as data

    image = picture()
    answers = []
    for seed in (100, 101, 100):
        monkeypatch.setattr(
            data, "get_worker_info", lambda seed=seed: SimpleNamespace(id=0, seed=seed)
        )
        answers.append(ElasticDeformation(generator=make())(image))
    assert not np.array_equal(answers[0], answers[1])
    np.testing.assert_array_equal(answers[0], answers[2])


@pytest.mark.parametrize("bad", [np.random.RandomState(0), "7", 1.5, True])
def test_other_generators_are_refused(bad):
    with pytest.raises(TypeError, match="generator must be an integer"):
        ElasticDeformation(generator=bad)


def test_sd_in_pixels():
    assert ElasticDeformation(50, 5).sd == displacement_sd(50, 5)
    u = ElasticDeformation(50, 5, generator=0).displacement((400, 400))
    assert u.std() == pytest.approx(50 / (2 * 5 * math.sqrt(math.pi)), rel=0.05)


# --- mishaps ----------------------------------------------------------------------------------


def test_nan_is_missing_and_stays_missing():
    image = picture(dtype="f4")
    image[30:35, 40:50] = np.nan
    u = ElasticDeformation(generator=0).displacement(image.shape)
    got = ElasticDeformation(generator=0)(image)
    want = reference(np.nan_to_num(image, nan=1e6), u)
    touched = want > 250  # mixes at least one missing pixel
    assert np.isnan(got[want > 1e6 - 1]).all()
    np.testing.assert_array_equal(np.isnan(got), touched | np.isnan(got))
    np.testing.assert_allclose(got[~np.isnan(got)], want[~np.isnan(got)], atol=1e-4)
    assert np.isnan(got).sum() < 4 * np.isnan(image).sum()


def test_all_missing_stays_all_missing():
    assert np.isnan(ElasticDeformation(generator=0)(np.full((9, 9), np.nan))).all()


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinities_are_refused_by_name(value):
    image = picture(dtype="f8")
    image[3, 4] = value
    with pytest.raises(ValueError, match="image must have no infinite values, got 1"):
        ElasticDeformation()(image)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((0, 5)), "image must not be empty"),
        (np.zeros(5), r"image must have shape \(H, W\) or \(C, H, W\) or \(N, C, H, W\)"),
        (np.zeros((1, 1, 1, 5, 5)), "image must have shape"),
        (torch.zeros(3), "image must have shape"),
        (np.ma.masked_equal(np.zeros((5, 5)), 0), r"image must not hold masked.*filled\(value\)"),
    ],
)
def test_wrong_shapes_are_refused_by_name(image, message):
    with pytest.raises(ValueError, match=message):
        ElasticDeformation()(image)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ([[1, 2], [3, 4]], "image must be a NumPy array.*got list"),
        (np.zeros((5, 5), complex), "image must have a real dtype"),
        (np.zeros((5, 5), "U3"), "image must have a real dtype"),
        (None, "image must be .*got NoneType"),
    ],
)
def test_other_things_are_refused_by_name(image, message):
    with pytest.raises(TypeError, match=message):
        ElasticDeformation()(image)


def test_integers_that_float64_cannot_hold_are_refused():
    with pytest.raises(ValueError, match=r"image must stay within ±2\*\*53"):
        ElasticDeformation()(np.full((9, 9), 2**60))


@pytest.mark.parametrize(
    ("image", "mask"),
    [((9, 9), (9, 8)), ((2, 9, 9), (9, 8)), ((2, 1, 9, 9), (9, 9)), ((2, 1, 9, 9), (3, 9, 9))],
)
def test_masks_that_do_not_fit_are_refused(image, mask):
    with pytest.raises(ValueError, match="mask must fit image"):
        ElasticDeformation()(np.zeros(image), np.zeros(mask))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": -1}, "alpha must be at least 0"),
        ({"alpha": math.nan}, "alpha must be finite"),
        ({"sigma": 0}, "sigma must be greater than 0"),
        ({"channel_axis": 1}, "channel_axis must be None, 0 or -1"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ElasticDeformation(**arguments)


@pytest.mark.parametrize("shape", [(5,), (5, 5, 5), 5, (5, 0)])
def test_bad_shapes_of_a_displacement_are_refused(shape):
    with pytest.raises(ValueError, match="shape must be"):
        ElasticDeformation().displacement(shape)


# --- warp -------------------------------------------------------------------------------------


def test_warp_by_a_given_field():
    image = picture((2, 30, 40))
    u = np.random.default_rng(0).normal(0, 4, (2, 30, 40))
    for got, plane in zip(warp(image, u), image, strict=True):
        np.testing.assert_allclose(got, reference(plane, u), atol=0.01)
    np.testing.assert_array_equal(warp(image, np.zeros_like(u)), image)
    shift = np.stack([np.full((30, 40), 3.0), np.zeros((30, 40))])
    np.testing.assert_array_equal(warp(image, shift, nearest=True)[:, :-3], image[:, 3:])


def test_warp_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match=r"displacement must have shape \(2, 5, 5\)"):
        warp(np.zeros((5, 5)), np.zeros((2, 5, 4)))
    with pytest.raises(ValueError, match="displacement must be finite"):
        warp(np.zeros((5, 5)), np.full((2, 5, 5), np.nan))
    with pytest.raises(ValueError, match="image must be an array"):
        warp(np.zeros(5), np.zeros((2, 5, 5)))


# --- dask -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "f4", "f8"])
@pytest.mark.parametrize("chunks", [(40, 50), (120, 7), (-1, 33), (-1, -1)])
def test_dask_gives_the_same_answer_and_stays_lazy(dtype, chunks):
    da = pytest.importorskip("dask.array")
    image, mask = picture((120, 150), dtype), picture((120, 150), "u1", seed=1)
    want = ElasticDeformation(generator=2)(image, mask)
    lazy = ElasticDeformation(generator=2)(
        da.from_array(image, chunks=chunks), da.from_array(mask, chunks=chunks)
    )
    assert all(isinstance(a, da.Array) for a in lazy)
    assert (lazy[0].dtype, lazy[0].shape) == (image.dtype, image.shape)
    moved, moved_mask = (a.compute(scheduler="sync") for a in lazy)
    span = float(image.max()) - float(image.min())
    np.testing.assert_allclose(moved.astype(float), want[0].astype(float), atol=3e-7 * span, rtol=0)
    np.testing.assert_array_equal(moved_mask, want[1])


def test_dask_channels_and_halo():
    da = pytest.importorskip("dask.array")
    image = picture((3, 300, 300))
    deform = ElasticDeformation(generator=2)
    lazy = deform(da.from_array(image, chunks=(1, 100, 100)))
    np.testing.assert_array_equal(
        lazy.compute(scheduler="sync"), ElasticDeformation(generator=2)(image)
    )
    assert lazy.chunks == ((1, 1, 1), (100, 100, 100), (100, 100, 100))


def test_dask_reads_only_the_halo_of_a_block():
    da = pytest.importorskip("dask.array")
    read = []

    def source(block_id):
        read.append(block_id)
        return np.zeros((64, 64), np.float32)

    image = da.map_blocks(source, chunks=((64,) * 8, (64,) * 8), dtype=np.float32)
    read.clear()
    ElasticDeformation(generator=0)(image)[:64, :64].compute(scheduler="sync")
    assert set(read) == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_dask_mishaps_are_refused():
    da = pytest.importorskip("dask.array")
    image = da.zeros((50, 50), chunks=25)
    with pytest.raises(TypeError, match="mask must be a dask array"):
        ElasticDeformation()(image, np.zeros((50, 50)))
    with pytest.raises(ValueError, match="mask must fit image"):
        ElasticDeformation()(image, da.zeros((50, 40), chunks=25))
    with pytest.raises(ValueError, match="image must have shape"):
        ElasticDeformation()(da.zeros((1, 1, 50, 50)))
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        ElasticDeformation()(image[image[:, 0] > 1])
    with pytest.raises(ValueError, match="no infinite values"):
        ElasticDeformation()(image + np.inf).compute(scheduler="sync")


# --- import -----------------------------------------------------------------------------------


def test_import_is_light():
    code = (
        "import sys, lessonlib.augmentation; "
        "print([m for m in ('torch', 'torchvision', 'cv2', 'dask', 'scipy', 'skimage', 'PIL') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
