"""Any size: bounded memory, each chunk read once a pass, the same answer on a cluster."""

import json
import os
import subprocess
import sys
import threading
import weakref

import dask
import dask.array as da
import numpy as np
import pytest
import torch
import zarr

from lessonlib import images
from lessonlib.augmentation import ElasticDeformation
from lessonlib.scientific import (
    MultiChannelNormalizer,
    channel_percentiles,
    channel_table,
    clip_and_rescale,
    ndvi,
    normalized_difference,
    tile,
)
from lessonlib.sweeps import store
from lessonlib.sweeps import tile as sweep

DTYPES = [np.uint8, np.uint16, np.int32, np.float32, np.float64]


def bands(dtype, shape=(2, 120, 150)):
    pair = np.random.default_rng(0).integers(0, 200, shape)
    pair[:, :5] = 0
    return pair.astype(dtype)


# --- indices and tables of every kind of array ---


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_index_of_dask_and_torch_is_that_of_numpy(dtype):
    nir, red = bands(dtype)
    a, b = nir.astype(np.float64), red.astype(np.float64)
    with np.errstate(invalid="ignore"):
        expected = ((a - b) / (a + b)).astype(np.float64 if dtype == np.float64 else np.float32)
    assert np.isnan(expected[:5]).all()
    np.testing.assert_array_equal(ndvi(nir, red), expected, strict=True)

    lazy = ndvi(da.from_array(nir, chunks=40), da.from_array(red, chunks=(50, 33)))
    assert isinstance(lazy, da.Array)
    assert lazy.dtype == expected.dtype
    np.testing.assert_array_equal(lazy.compute(scheduler="sync"), expected, strict=True)
    half = normalized_difference(nir, da.from_array(red, chunks=40))
    np.testing.assert_array_equal(half.compute(scheduler="sync"), expected, strict=True)

    tensor = ndvi(torch.from_numpy(nir), torch.from_numpy(red))
    assert isinstance(tensor, torch.Tensor)
    np.testing.assert_array_equal(tensor.numpy(), expected, strict=True)


def test_an_index_lets_gradients_through_where_it_exists():
    red = torch.tensor([0.1, 0.0], dtype=torch.float64)
    nir = torch.tensor([0.4, 0.0], dtype=torch.float64, requires_grad=True)
    index = ndvi(nir, red)
    assert index[1].isnan()
    index[0].backward()
    assert nir.grad.tolist() == pytest.approx([2 * 0.1 / 0.5**2, 0])


def test_an_index_refuses_a_tensor_with_something_else():
    with pytest.raises(TypeError, match="nir and red must both be tensors"):
        ndvi(torch.ones(3), np.ones(3))
    with pytest.raises(TypeError, match="red must hold real numbers"):
        ndvi(torch.ones(3), torch.ones(3, dtype=torch.complex64))
    with pytest.raises(ValueError, match=r"\(3,\) and \(4,\)"):
        ndvi(da.ones(3), da.ones(4))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_table_of_dask_and_torch_is_that_of_numpy(dtype):
    pair = bands(dtype)
    expected = str(channel_table(pair, nodata=0))
    assert str(channel_table(da.from_array(pair, chunks=(1, 40, 60)), nodata=0)) == expected
    assert str(channel_table(torch.from_numpy(pair), nodata=0)) == expected


# --- reads ---


class Source:
    """A dask array that counts how often each chunk is made, and how many exist at once."""

    def __init__(self, chunks, dtype=np.uint16):
        self.reads, self.live, self.peak, self.lock = {}, 0, 0, threading.Lock()
        self.array = da.map_blocks(self.make, np.dtype(dtype), dtype=dtype, chunks=chunks)

    def make(self, dtype, block_info=None):
        where = block_info[None]
        place = where["chunk-location"]
        block = np.random.default_rng(place).integers(1, 5000, where["chunk-shape"]).astype(dtype)
        with self.lock:
            self.reads[place] = self.reads.get(place, 0) + 1
            self.live += 1
            self.peak = max(self.peak, self.live)
        weakref.finalize(block, self.gone)
        return block

    def gone(self):
        with self.lock:
            self.live -= 1

    def during(self, lazy):
        """Compute and forget; return the reads of each chunk and how many there were at once."""
        self.reads, self.peak = {}, 0
        with dask.config.set(scheduler="threads", num_workers=2):
            da.store(lazy, Sink(), lock=False)
        return list(self.reads.values()), self.peak


class Sink:
    """Takes what is stored and keeps nothing."""

    def __setitem__(self, place, block):
        pass


@pytest.mark.parametrize("rows", [8, 32])
def test_each_pass_reads_each_chunk_once_and_keeps_few(rows):
    source = Source(((1,) * 3, (16,) * rows, (16,) * 8))
    with dask.config.set(scheduler="threads", num_workers=2):
        normalizer = MultiChannelNormalizer().partial_fit(source.array)
    assert list(source.reads.values()) == [1] * 24 * rows
    assert source.peak <= 6
    reads, peak = source.during(normalizer.transform(source.array))
    assert reads == [1] * 24 * rows
    assert peak <= 6
    reads, peak = source.during(ndvi(source.array[2], source.array[0]))
    assert reads == [1] * 16 * rows  # two bands of three
    assert peak <= 8


@pytest.mark.parametrize("rows", [16, 48])
def test_deformation_reads_each_chunk_once_and_keeps_a_few_rows_of_them(rows):
    source = Source(((64,) * rows, (64,) * 12), np.float32)
    reads, peak = source.during(ElasticDeformation(generator=0)(source.array))
    assert reads == [1] * 12 * rows
    assert peak <= 8 * 12  # however long the image is


# --- resident memory of a process ---

CHILD = """
import json
import dask, dask.array as da, numpy as np
from lessonlib.augmentation import ElasticDeformation
from lessonlib.scientific import MultiChannelNormalizer, channel_percentiles, ndvi
from lessonlib.scientific.tile import peak_memory

def make(dtype, block_info=None):
    where = block_info[None]
    rng = np.random.default_rng(where["chunk-location"])
    return rng.integers(1, 9000, where["chunk-shape"], np.uint16).astype(dtype)

class Sink:
    def __setitem__(self, place, block):
        pass

def array(side, dtype):
    chunks = da.core.normalize_chunks((1, 512, 512), (13, side, side))
    return da.map_blocks(make, np.dtype(dtype), dtype=dtype, chunks=chunks)

def work(side):
    whole, floats = array(side, np.uint16), array(side, np.float32)[:2]
    normalizer = MultiChannelNormalizer().partial_fit(whole)
    yield "fit"
    da.store(normalizer.transform(whole), Sink(), lock=False)
    yield "transform"
    da.store(ndvi(whole[7], whole[3]), Sink(), lock=False)
    yield "index"
    channel_percentiles(whole, [1, 99])
    yield "percentiles"
    channel_percentiles(floats, [1, 99])
    yield "float percentiles"
    da.store(normalizer.percentile_clip(whole), Sink(), lock=False)
    yield "clip"
    da.store(ElasticDeformation(generator=0)(whole[0]), Sink(), lock=False)
    yield "deform"

with dask.config.set(scheduler="threads", num_workers=2):
    for _ in work(512):  # loads libraries
        pass
    before = peak_memory()
    print(json.dumps({name: (peak_memory() - before) / 2**20 for name in work(3072)}))
"""


def test_resident_memory_stays_bounded():
    """The array has 234 MiB and its normalised bands 468; the process takes a fraction of that."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    grown = json.loads(done.stdout)
    assert len(grown) == 7
    assert max(grown.values()) < 120, grown


# --- a cluster ---


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, processes=True
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_the_same_calls_run_on_a_cluster(client):
    here = os.getpid()
    whole = np.random.default_rng(0).integers(1, 9000, (3, 200, 260)).astype(np.uint16)

    def elsewhere(block):
        assert os.getpid() != here, "computed in the client's own process"
        return block

    lazy = da.from_array(whole, chunks=(1, 100, 100)).map_blocks(elsewhere, dtype=whole.dtype)
    ours, reference = (MultiChannelNormalizer().partial_fit(x) for x in (lazy, whole))
    np.testing.assert_array_equal(ours.mean_, reference.mean_)
    np.testing.assert_array_equal(ours.std_, reference.std_)
    np.testing.assert_array_equal(ours.transform(lazy).compute(), reference.transform(whole))
    np.testing.assert_array_equal(
        ours.percentile_clip(lazy).compute(), reference.percentile_clip(whole)
    )
    floats = channel_percentiles(lazy.astype(np.float32), [1, 50, 99])
    np.testing.assert_array_equal(floats, channel_percentiles(whole, [1, 50, 99]))
    np.testing.assert_array_equal(
        clip_and_rescale(lazy, floats[0], floats[2]).compute(),
        clip_and_rescale(whole, floats[0], floats[2]),
    )
    np.testing.assert_array_equal(ndvi(lazy[2], lazy[0]).compute(), ndvi(whole[2], whole[0]))
    moved = ElasticDeformation(generator=1)(lazy)
    np.testing.assert_array_equal(moved.compute(), ElasticDeformation(generator=1)(whole))


# --- the tile ---


def test_the_tile_is_the_scene_and_its_mirror_images():
    scene = np.arange(2 * 3 * 4).reshape(2, 3, 4)
    floor = np.concatenate([scene, scene[:, ::-1]], axis=1)
    floor = np.concatenate([floor, floor[:, :, ::-1]], axis=2)
    floor = np.tile(floor, (1, 3, 3))
    np.testing.assert_array_equal(tile.mirrored(scene, (0, 18), (0, 24)), floor)
    np.testing.assert_array_equal(tile.mirrored(scene, (5, 11), (7, 19)), floor[:, 5:11, 7:19])


def test_the_synthetic_tile_is_the_real_scene_with_a_little_noise():
    size = 1300  # more than one chunk, more than two scenes
    lazy = tile.synthetic_tile(size)
    assert (lazy.shape, lazy.dtype) == ((13, size, size), np.uint16)
    made = lazy.compute(scheduler="sync").astype(np.float64)
    scene = images.sentinel2().pixels * 10_000
    noise = made[1:4, :600, :600] - scene[1:4]
    assert noise.std() == pytest.approx(tile.NOISE, rel=0.01)
    assert abs(noise.mean()) < 0.1
    copy = made[1:4, 600:1200, :600][:, ::-1] - scene[1:4]
    assert abs(np.corrcoef(noise.ravel(), copy.ravel())[0, 1]) < 0.01
    other = tile.synthetic_tile(size, seed=1)[:, :50, :50].compute(scheduler="sync")
    assert (other != made[:, :50, :50]).any()
    with pytest.raises(ValueError, match="size"):
        tile.synthetic_tile(0)


def test_a_tile_is_processed_as_in_memory(tmp_path):
    size = 1100  # a full chunk and a rim
    tile.write_tile(tmp_path / "tile", size)
    stored = zarr.open_array(tmp_path / "tile", mode="r")
    assert (stored.shape, stored.chunks) == ((13, size, size), (1, tile.CHUNK, tile.CHUNK))
    whole = stored[:]
    for lazy in (True, False):
        target = tmp_path / f"answer-{lazy}"
        cost = tile.process_tile(tmp_path / "tile", target, lazy=lazy)
        normalizer = MultiChannelNormalizer(nodata=0).partial_fit(whole)
        assert cost.means == tuple(normalizer.mean_)
        np.testing.assert_array_equal(
            zarr.open_array(target / "normalised", mode="r")[:], normalizer.transform(whole)
        )
        red, nir = whole[3], whole[7]
        np.testing.assert_array_equal(zarr.open_array(target / "ndvi", mode="r")[:], ndvi(nir, red))
        assert "1100 × 1100 px in 13 bands" in str(cost)


def test_a_process_of_its_own_stays_below_its_input():
    """1,536² is 58 MiB stored and 117 MiB normalised; read whole it takes all that and more."""
    lazy, whole = (sweep.run(1536, lazy=way) for way in (True, False))
    assert lazy["means"] == whole["means"]
    assert lazy["peak"] - lazy["before"] < 100
    assert whole["peak"] - whole["before"] > 58 + 117


def test_the_command(tmp_path, capsys):
    assert tile.main(["make", str(tmp_path / "tile"), "--size", "64"]) == 0
    assert tile.main(["process", str(tmp_path / "tile"), str(tmp_path / "answer")]) == 0
    shown = capsys.readouterr()
    assert "64 × 64 px" in shown.out
    assert "100% Completed" in shown.err  # the bar


def test_the_sweep_is_stored():
    stored = store.load("tile")

    def order(config):
        return sorted(config.items())

    configs = [e.config for e in stored.entries]
    assert sorted(configs, key=order) == sorted(sweep.configs(), key=order)
    full = stored.select(size=tile.FULL)[0].result
    assert full["peak"] < 2048  # MiB, on two cores
    for size in sweep.SIZES[:-1]:
        lazy, whole = (stored.select(size=size, lazy=way)[0].result for way in (True, False))
        assert lazy["means"] == whole["means"]
