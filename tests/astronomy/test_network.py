"""The pretrained network against deepCR's own answers, and against NumPy."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from lessonlib.astronomy import cosmic_ray_network, hit_probability, network, pretrained

#: What deepCR 0.3.1 itself answers for `picture` at PLACES, and its sum over all pixels.
PLACES = ((10, 10), (11, 11), (20, 30), (5, 26), (24, 12), (0, 0), (10, 11))
DEEPCR = {
    "decam": ([1.0, 1.0, 0.999896, 0.999829, 0.00163106, 0.000858858, 0.803003], 13.434207),
    "acs-wfc": (
        [0.984945, 0.976749, 0.935778, 0.997572, 0.105385, 5.8766e-05, 0.00350145],
        16.665814,
    ),
}


def picture() -> np.ndarray:
    """A sky, a star, a track and three hits, by arithmetic."""
    y, x = np.indices((32, 40))
    image = 160.0 + (7 * y + 13 * x + 3 * y * x) % 41
    image[10, 10] += 900
    image[11, 11] += 700
    image[20, 30] += 150
    image[5, 25:29] += 400
    return image + 3000 * np.exp(-((y - 24.0) ** 2 + (x - 12) ** 2) / 18)


@pytest.fixture(scope="module", params=sorted(pretrained()))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def net(name):
    return cosmic_ray_network(name)


def test_it_answers_as_deepcr_does(name, net):
    values, total = DEEPCR[name]
    p = hit_probability(picture(), net)
    assert [p[place] for place in PLACES] == pytest.approx(values, rel=2e-4, abs=1e-6)
    assert p.sum() == pytest.approx(total, rel=1e-4)


def convolve(x, weight, bias):
    """Correlate ``(C, H, W)`` with ``(D, C, 3, 3)``, zeros beyond the edge."""
    windows = sliding_window_view(np.pad(x, [(0, 0), (1, 1), (1, 1)]), (3, 3), axis=(1, 2))
    return np.einsum("chwij,dcij->dhw", windows, weight) + bias[:, None, None]


def pair(x, state, prefix):
    for first, second in ((0, 1), (3, 4)):
        x = convolve(x, state[f"{prefix}.{first}.weight"], state[f"{prefix}.{first}.bias"])
        scale, shift, mean, var = (
            state[f"{prefix}.{second}.{part}"][:, None, None]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        x = np.maximum(0, (x - mean) / np.sqrt(var + 1e-5) * scale + shift)
    return x


def by_hand(image, state):
    fine = pair(image[None], state, "inc.conv.conv")
    pooled = fine.reshape(32, image.shape[0] // 2, 2, -1, 2).max(axis=(2, 4))
    coarse = pair(pooled, state, "down1.mpconv.1.conv")
    weight, bias = state["up8.up.weight"], state["up8.up.bias"]
    lifted = np.einsum("chw,cdij->dhiwj", coarse, weight).reshape(32, *image.shape)
    joined = np.concatenate([fine, lifted + bias[:, None, None]])
    top = pair(joined, state, "up8.conv.conv")
    logit = np.tensordot(state["outc.conv.weight"][0, :, 0, 0], top, 1) + state["outc.conv.bias"]
    return 1 / (1 + np.exp(-logit))


def test_the_formula_written_out_in_numpy(net):
    state = {key: value.double().numpy() for key, value in net.state_dict().items()}
    image = picture()[:20, :24]
    np.testing.assert_allclose(hit_probability(image, net), by_hand(image, state), atol=2e-4)


def test_every_stored_number_is_used(name, net):
    entry = pretrained()[name]
    stored = torch.load(network._DATA / entry.file, map_location="cpu", weights_only=True)
    assert {f"module.{key}" for key in net.state_dict()} == set(stored)
    kernels = 9 * (1 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 32 + 32 * 32) + 4 * 64 * 32 + 32
    biases_and_norms = 3 * (32 + 32 + 64 + 64 + 32 + 32) + 32 + 1
    assert sum(p.numel() for p in net.parameters()) == kernels + biases_and_norms
    assert not net.training
    assert not any(p.requires_grad for p in net.parameters())


def test_the_files_are_those_of_the_catalogue(name):
    entry = pretrained()[name]
    digest = hashlib.sha256((network._DATA / entry.file).read_bytes()).hexdigest()
    assert digest == entry.sha256
    assert "BSD 3-Clause" in (network._DATA / "deepcr-LICENSE.txt").read_text()
    assert entry.licence == "BSD-3-Clause"


def test_damaged_and_missing_weights_are_refused(tmp_path, monkeypatch):
    for file in network._DATA.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(network, "_DATA", tmp_path)
    path = tmp_path / pretrained()["decam"].file
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(OSError, match="damaged"):
        cosmic_ray_network("decam")
    path.unlink()
    with pytest.raises(FileNotFoundError, match="git checkout"):
        cosmic_ray_network("decam")


@settings(max_examples=15, deadline=None)
@given(
    height=st.integers(1, 21),
    width=st.integers(1, 21),
    seed=st.integers(0, 99),
    kind=st.sampled_from(["uint8", "int16", "float32", "float64"]),
)
def test_any_size_any_type_and_the_input_is_left_alone(height, width, seed, kind):
    net = cosmic_ray_network()
    image = np.random.default_rng(seed).integers(0, 120, (height, width)).astype(kind)
    before = image.copy()
    p = hit_probability(image, net)
    assert p.shape == image.shape
    assert p.dtype == np.float32
    assert (p >= 0).all()
    assert (p <= 1).all()
    np.testing.assert_array_equal(image, before)


def test_a_pixel_answers_to_its_neighbourhood_alone(net):
    rng = np.random.default_rng(0)
    one = rng.poisson(160, (64, 64)).astype(float)
    other = one.copy()
    other[:, 48:] = rng.poisson(3000, (64, 16))
    a, b = (hit_probability(image, net) for image in (one, other))
    np.testing.assert_allclose(a[:, :36], b[:, :36], atol=1e-6)
    assert np.abs(a[:, 46:48] - b[:, 46:48]).max() > 1e-3


@pytest.mark.parametrize(
    ("image", "error", "match"),
    [
        (np.zeros(5), ValueError, "shape"),
        (np.zeros((0, 3)), ValueError, "empty"),
        (np.array([["a"]]), TypeError, "numbers"),
        (np.array([[1.0, np.nan]]), ValueError, "row 0, column 1"),
    ],
)
def test_bad_images_are_refused(image, error, match, net):
    with pytest.raises(error, match=match):
        hit_probability(image, net)


def test_unknown_weights_are_refused():
    with pytest.raises(ValueError, match="'decam', 'acs-wfc'"):
        cosmic_ray_network("wfc3")
