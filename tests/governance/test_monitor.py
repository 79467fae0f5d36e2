"""The monitor on the two hospitals, the statistics it watches, and the price of many checks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage

from lessonlib import governance
from lessonlib.images import experiment


@settings(deadline=None, max_examples=40)
@given(arrays(np.float32, (3, 7, 9), elements=st.floats(0, 1, width=32)))
def test_image_statistics_are_numpys_and_scipys(images):
    got = governance.image_statistics(images)
    wide = images.astype(float)
    np.testing.assert_allclose(got[:, 0], wide.mean(axis=(1, 2)), atol=1e-12)
    np.testing.assert_allclose(got[:, 1], wide.std(axis=(1, 2)), atol=1e-12)
    noise = [np.median(np.abs(ndimage.laplace(i)[1:-1, 1:-1])) for i in wide]
    np.testing.assert_allclose(got[:, 2], noise, atol=1e-12)
    np.testing.assert_array_equal(governance.image_statistics(images[:, None]), got)


def test_noise_statistic_measures_noise_and_no_gradient():
    rng = np.random.default_rng(0)
    ramp = np.add.outer(np.arange(64.0), 2 * np.arange(64.0))[None]
    assert governance.image_statistics(ramp)[0, 2] == pytest.approx(0, abs=1e-9)
    for sd in (0.01, 0.1):
        noisy = ramp + rng.normal(0, sd, (50, 64, 64))
        # the median of |N(0, 20 sd^2)|: 4^2 + 4 neighbours
        expected = 0.67449 * np.sqrt(20) * sd
        got = governance.image_statistics(noisy)[:, 2].mean()
        assert got == pytest.approx(expected, rel=0.03)


@pytest.fixture(scope="module")
def pools():
    same = {"marker": (0, 0), "prevalence": 0.1}
    made = {
        "A": experiment.nodule_set("internal", 900, hospital="A", seed=1, **same),
        "B": experiment.nodule_set("internal", 900, hospital="B", seed=2, **same),
    }
    return {k: (governance.image_statistics(s.images), s.regions) for k, s in made.items()}


def split(rng, pools, source, regions=4, per=20):
    """Reference and batch of other regions, both as (features, regions)."""
    features, groups = pools["A"]
    order = rng.permutation(np.unique(groups))
    old = np.flatnonzero(np.isin(groups, order[regions:]))
    old = rng.choice(old, 240, replace=False)
    other, names = pools[source]
    new = np.concatenate(
        [rng.choice(np.flatnonzero(names == g), per, replace=False) for g in order[:regions]]
    )
    return (features[old], groups[old]), (other[new], names[new])


def test_second_hospital_is_caught_and_the_first_is_not(pools):
    rng = np.random.default_rng(3)
    alarms = {"A": 0, "B": 0}
    for _ in range(60):
        for source in alarms:
            reference, batch = split(rng, pools, source)
            monitor = governance.DriftMonitor(*reference, n_permutations=99)
            alarms[source] += monitor.alarm(monitor.check(*batch, seed=rng))
    assert alarms["B"] == 60
    assert alarms["A"] <= 9  # P(Bin(60, .05) > 9) is 0.001


def test_without_regions_it_cries_wolf(pools):
    rng = np.random.default_rng(4)
    alarms = 0
    for _ in range(20):
        (old, _), (new, _) = split(rng, pools, "A")
        monitor = governance.DriftMonitor(old, n_permutations=99)
        alarms += monitor.alarm(monitor.check(new, seed=rng))
    assert alarms >= 18


def test_too_few_groups_or_permutations_are_refused():
    x = np.random.default_rng(0).normal(size=(12, 2))
    few = governance.DriftMonitor(x, np.repeat([0, 1, 2], 4))
    with pytest.raises(ValueError, match="4 ways"):
        few.check(x, np.full(12, 9))
    with pytest.raises(ValueError, match="n_permutations must be at least 99"):
        governance.DriftMonitor(x, level=0.01, n_permutations=98)
    with pytest.raises(ValueError, match="both or neither"):
        few.check(x)
    with pytest.raises(ValueError, match="features"):
        governance.DriftMonitor(x).check(x[:, :1])


def test_alarm_is_the_p_value_at_the_level():
    monitor = governance.DriftMonitor(np.arange(10.0), level=0.1, n_permutations=19)
    for p, alarm in ((0.05, True), (0.1, True), (0.15, False)):
        test = governance.DriftTest(0.0, p, np.empty(0), np.empty(0), 10, 10)
        assert monitor.alarm(test) is alarm


@settings(deadline=None, max_examples=80)
@given(st.floats(1e-6, 0.999), st.integers(1, 100_000))
def test_level_per_check_is_the_inverse_of_the_chance(chance, checks):
    level = governance.level_per_check(chance, checks)
    assert 0 < level <= chance * (1 + 1e-12)
    assert governance.chance_of_false_alarm(level, checks) == pytest.approx(chance, rel=1e-9)


def test_chance_of_false_alarm_by_simulation():
    rng = np.random.default_rng(0)
    alarms = (rng.random((20_000, 30)) < 0.05).any(axis=1).mean()
    assert governance.chance_of_false_alarm(0.05, 30) == pytest.approx(alarms, abs=0.01)


BAD = [
    (lambda: governance.image_statistics(np.zeros((4, 4))), "images"),
    (lambda: governance.image_statistics(np.zeros((4, 3, 8, 8))), "one channel"),
    (lambda: governance.image_statistics(np.zeros((4, 2, 8))), "3 by 3"),
    (lambda: governance.image_statistics(np.full((1, 4, 4), np.nan)), "finite"),
    (lambda: governance.image_statistics(np.zeros((1, 4, 4), complex)), "numbers"),
    (lambda: governance.DriftMonitor([1.0]), "reference"),
    (lambda: governance.DriftMonitor([1.0, 2.0], [1]), "groups"),
    (lambda: governance.DriftMonitor([1.0, 2.0], level=0), "level"),
    (lambda: governance.DriftMonitor([1.0, 2.0], level=1.0), "level"),
    (lambda: governance.DriftMonitor([1.0, 2.0], n_permutations=1.5), "n_permutations"),
    (lambda: governance.chance_of_false_alarm(1, 5), "level"),
    (lambda: governance.chance_of_false_alarm(0.1, 0), "checks"),
    (lambda: governance.level_per_check(np.nan, 5), "chance"),
    (lambda: governance.level_per_check(0.1, True), "checks"),
]


@pytest.mark.parametrize(("call", "name"), BAD)
def test_bad_input_is_named(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()
