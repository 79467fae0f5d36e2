"""PyTorch tensors and dask arrays give what NumPy arrays give; importing loads neither."""

import subprocess
import sys
import threading
import weakref

import dask
import dask.array as da
import numpy as np
import pytest
import torch

from lessonlib.scientific import MultiChannelNormalizer, channel_percentiles, clip_and_rescale

TYPES = [np.uint8, np.uint16, np.int32, np.float16, np.float32, np.float64]
Q = [0, 2, 50, 98, 100]


def scene(dtype, shape=(3, 4, 40, 50)):
    rng = np.random.default_rng(0)
    images = rng.normal(60, 15, shape).clip(1, 120).astype(dtype)
    images[:, 1, 3:7] = 0  # nodata
    return images


@pytest.fixture(autouse=True)
def one_thread():
    with dask.config.set(scheduler="sync"):
        yield


def test_import_loads_neither_torch_nor_dask():
    code = (
        "import sys, numpy as np; from lessonlib.scientific import MultiChannelNormalizer as M; "
        "M().fit(np.ones((1, 2, 3, 3))).percentile_clip(np.ones((2, 3, 3))); "
        "print([m for m in ('torch', 'dask', 'sklearn') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("dtype", TYPES)
def test_torch_equals_numpy(dtype):
    images = scene(dtype)
    tensor = torch.from_numpy(images)
    ours, reference = (MultiChannelNormalizer(nodata=0).fit(x) for x in (tensor, images))
    np.testing.assert_array_equal(ours.count_, reference.count_)
    np.testing.assert_allclose(ours.mean_, reference.mean_, rtol=1e-14)
    np.testing.assert_allclose(ours.std_, reference.std_, rtol=1e-13)
    for name in ("transform", "percentile_clip"):
        result, expected = getattr(ours, name)(tensor), getattr(reference, name)(images)
        assert isinstance(result, torch.Tensor)
        assert result.device == tensor.device
        assert result.numpy().dtype == expected.dtype
        np.testing.assert_allclose(result.numpy(), expected, rtol=1e-6, atol=1e-6)
    q = channel_percentiles(tensor, Q, nodata=0)
    assert isinstance(q, torch.Tensor)
    np.testing.assert_array_equal(q.numpy(), channel_percentiles(images, Q, nodata=0))
    np.testing.assert_array_equal(
        clip_and_rescale(tensor, q[1], q[3], nodata=0).numpy(),
        clip_and_rescale(images, q[1].numpy(), q[3].numpy(), nodata=0),
    )


def test_torch_bfloat16_and_gradients():
    tensor = torch.from_numpy(scene(np.float32)).to(torch.bfloat16)
    assert MultiChannelNormalizer().fit(tensor).transform(tensor).dtype == torch.float32
    image = torch.rand(2, 5, 5, dtype=torch.float64, requires_grad=True)
    normalizer = MultiChannelNormalizer().fit(image[None])
    normalizer.transform(image).sum().backward()
    expected = 1 / normalizer.std_[:, None, None]
    np.testing.assert_allclose(image.grad.numpy(), np.broadcast_to(expected, (2, 5, 5)))


@pytest.mark.parametrize("value", [0.1, 293.15])
def test_torch_constant_and_missing_channels(value):
    images = torch.full((2, 2, 30, 30), value)
    images[:, 1] = torch.nan
    normalizer = MultiChannelNormalizer().fit(images)
    assert normalizer.std_[0] == 0
    assert normalizer.count_[1] == 0
    clipped = normalizer.percentile_clip(images)
    assert not clipped[:, 0].any()
    assert clipped[:, 1].isnan().all()


def test_torch_refusals():
    images = torch.rand(1, 2, 4, 4)
    images[0, 1, 0, 0] = torch.inf
    with pytest.raises(ValueError, match=r"1 infinite pixel\(s\) in channel 1"):
        MultiChannelNormalizer().fit(images)
    assert MultiChannelNormalizer(nodata=np.inf).fit(images).count_.tolist() == [16, 15]
    with pytest.raises(TypeError, match="real numbers"):
        MultiChannelNormalizer().fit(torch.zeros(1, 1, 2, 2, dtype=torch.bool))
    with pytest.raises(ValueError, match="squares fit float64"):
        MultiChannelNormalizer().fit(
            torch.tensor([1e200, -1e200], dtype=torch.float64).reshape(1, 1, 1, 2)
        )


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("chunks", [(1, 4, 40, 50), (2, 1, 17, 23), (3, 3, 40, 9)])
def test_dask_equals_numpy(dtype, chunks):
    images = scene(dtype)
    lazy = da.from_array(images, chunks=chunks)
    ours, reference = (MultiChannelNormalizer(nodata=0).fit(x) for x in (lazy, images))
    if np.dtype(dtype).kind in "iu":
        np.testing.assert_array_equal(ours.mean_, reference.mean_)
        np.testing.assert_array_equal(ours.std_, reference.std_)
    np.testing.assert_allclose(ours.mean_, reference.mean_, rtol=1e-14)
    np.testing.assert_allclose(ours.std_, reference.std_, rtol=1e-13)
    for name in ("transform", "percentile_clip"):
        for part in (slice(None), 0):
            result, expected = (
                getattr(ours, name)(lazy[part]),
                getattr(reference, name)(images[part]),
            )
            assert isinstance(result, da.Array)
            assert result.dtype == expected.dtype
            assert result.shape == expected.shape
            np.testing.assert_allclose(result.compute(), expected, rtol=1e-6, atol=1e-6)
    expected = channel_percentiles(images, Q, nodata=0)
    np.testing.assert_array_equal(channel_percentiles(lazy, Q, nodata=0), expected)


def test_dask_partial_fit_mixes_with_numpy():
    images = scene(np.uint16)
    normalizer = MultiChannelNormalizer().partial_fit(da.from_array(images[:2], chunks=20))
    normalizer.partial_fit(images[2])
    np.testing.assert_array_equal(normalizer.std_, MultiChannelNormalizer().fit(images).std_)


class Source:
    """A dask array that counts how often a chunk is made and how many exist at once."""

    def __init__(self, dtype, chunks=((1, 1), (3,), (16,) * 6, (16,) * 6)):
        self.reads = self.live = self.peak = 0
        self.lock = threading.Lock()
        self.array = da.map_blocks(self.make, np.dtype(dtype), dtype=dtype, chunks=chunks)

    def make(self, dtype, block_info=None):
        where = block_info[None]
        block = np.random.default_rng(where["chunk-location"]).normal(100, 20, where["chunk-shape"])
        block = block.astype(dtype)
        with self.lock:
            self.reads += 1
            self.live += 1
            self.peak = max(self.peak, self.live)
        weakref.finalize(block, self.gone)
        return block

    def gone(self):
        with self.lock:
            self.live -= 1

    def during(self, call):
        self.reads = self.peak = 0
        call()
        return self.reads, self.peak


@pytest.mark.parametrize(
    ("dtype", "passes"), [(np.uint16, 1), (np.int32, 2), (np.float32, 2), (np.float64, 4)]
)
def test_dask_reads_each_chunk_once_a_pass_and_keeps_few(dtype, passes):
    source = Source(dtype)
    chunks = source.array.npartitions
    assert chunks == 72
    normalizer = MultiChannelNormalizer()
    with dask.config.set(scheduler="threads", num_workers=2):
        reads, peak = source.during(lambda: normalizer.fit(source.array))
        assert reads == chunks
        assert peak <= 6
        assert source.during(lambda: normalizer.transform(source.array))[0] == 0  # lazy
        reads, peak = source.during(lambda: normalizer.transform(source.array).sum().compute())
        assert reads == chunks
        assert peak <= 6
        reads, peak = source.during(lambda: channel_percentiles(source.array, [2, 98]))
        assert reads == passes * chunks
        assert peak <= 6
        clipped = []
        source.during(lambda: clipped.append(normalizer.percentile_clip(source.array)))
        assert source.reads == 0  # lazy too
        reads, peak = source.during(lambda: clipped[0].sum().compute())
        assert reads == (passes + 1) * chunks
        assert peak <= 12  # two images at a time


def test_dask_infinities_are_refused_with_the_channel_of_the_whole_image():
    images = scene(np.float64)
    images[1, 3, 5, 5] = np.inf
    lazy = da.from_array(images, chunks=(1, 2, 20, 20))
    with pytest.raises(ValueError, match="in channel 3"):
        MultiChannelNormalizer().fit(lazy)
    with pytest.raises(ValueError, match="in channel 3"):
        channel_percentiles(lazy, [2])
    result = MultiChannelNormalizer().fit(scene(np.float64)).transform(lazy)
    with pytest.raises(ValueError, match="in channel 3"):
        result.compute()


def test_dask_unknown_shape_is_refused():
    lazy = da.from_array(np.arange(64.0), chunks=16)
    unknown = lazy[lazy > 3][None, None, None]
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        MultiChannelNormalizer().fit(unknown)
