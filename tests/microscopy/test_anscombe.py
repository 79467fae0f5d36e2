"""The transform and its way back: against sums, draws and the papers' bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm, poisson

from lessonlib.microscopy import NoiseModel, anscombe, inverse_anscombe
from lessonlib.microscopy.anscombe import expected_transform

few = settings(max_examples=30, deadline=None)
gains, offsets, reads = st.floats(0.1, 5), st.floats(-50, 200), st.floats(0, 4)


@few
@given(st.floats(0, 300), gains, offsets, reads)
def test_the_exact_inverse_gives_back_the_light(light, gain, offset, read):
    model = NoiseModel(gain, offset, read * gain)
    mean = expected_transform([light], model.read_noise / model.gain)
    back = model.photons(inverse_anscombe(mean, model))
    assert float(back[0]) == pytest.approx(light, abs=2e-3 + 1e-4 * light)


@settings(max_examples=12, deadline=None)
@given(st.floats(0, 25), reads)
def test_the_expectation_is_that_of_a_brute_force_integral(light, read):
    """Not by quadrature nodes: term by term, with an adaptive integral over the read noise."""
    top = int(poisson.ppf(1 - 1e-9, light)) + 2
    total = 0.0
    for k in range(top):
        level = k + 3 / 8 + read**2
        if read > 1e-3:
            value, _ = quad(
                lambda e, m=level: 2 * np.sqrt(max(0, m + e)) * norm.pdf(e, scale=read),
                max(-level, -9 * read), 9 * read, limit=200)  # fmt: skip
        else:
            value = 2 * np.sqrt(level)
        total += poisson.pmf(k, light) * value
    assert float(expected_transform([light], read)[0]) == pytest.approx(total, abs=3e-3)


@pytest.mark.parametrize("model", [NoiseModel(), NoiseModel(0.5, 100, 1.0), NoiseModel(2, -3, 4)])
@pytest.mark.parametrize("light", [4, 10, 40, 200])
def test_the_noise_is_one_and_the_inverse_unbiased_over_draws(model, light):
    x = anscombe(model.expose(np.full(200_000, float(light)), seed=light), model)
    assert x.std() == pytest.approx(1, abs=0.05 if light < 10 else 0.015)
    spread = np.sqrt(light + (model.read_noise / model.gain) ** 2) / np.sqrt(x.size)
    exact = model.photons(inverse_anscombe(x.mean(), model))
    assert exact == pytest.approx(light, abs=5 * spread + 1e-3)
    biased = model.photons(inverse_anscombe(x.mean(), model, "algebraic"))
    assert light - biased == pytest.approx(0.25, abs=5 * spread + 0.05)


@few
@given(st.floats(1, 1000), reads)
def test_the_closed_form_is_near_the_exact_inverse(light, read):
    D = expected_transform([light], read)
    exact, formula = (inverse_anscombe(D, NoiseModel(read_noise=read), m)[0]
                      for m in ("exact", "closed form"))  # fmt: skip
    assert formula == pytest.approx(exact, abs=0.2 if light < 5 else 0.03)


@few
@given(st.lists(st.floats(-100, 10_000), min_size=2, max_size=9), gains, offsets, reads)
def test_both_ways_keep_the_order(values, gain, offset, read):
    model = NoiseModel(gain, offset, read)
    values = np.sort(values)
    there = anscombe(values, model)
    assert (np.diff(there) >= 0).all()
    for method in ("exact", "closed form", "algebraic"):
        back = inverse_anscombe(there, model, method)
        assert (np.diff(back) >= -1e-6 - 0.01 * gain).all()
    kept = values - offset > gain  # where no root was cut off
    algebraic = inverse_anscombe(there, model, "algebraic")
    np.testing.assert_allclose(algebraic[kept], values[kept], rtol=1e-9, atol=1e-6)


def test_pure_poisson_is_the_classical_formula():
    counts = np.arange(50)
    np.testing.assert_allclose(anscombe(counts), 2 * np.sqrt(counts + 3 / 8))
    assert counts.dtype == np.int64
    assert inverse_anscombe([0.0, 1.0]).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("function", [anscombe, inverse_anscombe])
def test_what_cannot_be_is_named(function):
    with pytest.raises(TypeError, match=r"counts|values"):
        function(["a"])
    with pytest.raises(TypeError, match="model"):
        function([1.0], 2.0)
    with pytest.raises(ValueError, match="method"):
        inverse_anscombe([1.0], method="best")
