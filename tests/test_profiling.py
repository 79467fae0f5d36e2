import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lessonlib.profiling import MedicalDatasetProfiler, effective_sample_size

counts = st.integers(1, 10_000)


@given(counts, counts)
@settings(deadline=None)
def test_effective_size_is_four_over_the_sum_of_reciprocals(a, b):
    exact = 4 / (Fraction(1, a) + Fraction(1, b))
    assert effective_sample_size(a, b) == pytest.approx(float(exact), rel=1e-14)
    assert effective_sample_size(a, b) == effective_sample_size(b, a)
    assert 2 * min(a, b) <= exact <= min(a + b, 4 * min(a, b))


def test_a_balanced_set_of_the_effective_size_is_as_precise():
    """Simulated: the variance of a difference of means, 15/485 beside 29.1/29.1."""
    rng = np.random.default_rng(0)
    runs = 20_000
    positive = rng.normal(size=(runs, 15)).mean(axis=1)
    negative = rng.normal(size=(runs, 485)).mean(axis=1)
    squares = (positive - negative) ** 2  # the true difference is 0
    variance, error = squares.mean(), squares.std() / runs**0.5
    low, high = 4 / (variance + 3 * error), 4 / (variance - 3 * error)
    assert low < effective_sample_size(15, 485) < high
    assert not low < 30 < high  # the balanced size is another number
    assert high - low < 6


@pytest.mark.parametrize(
    ("total", "positive", "effective", "balanced", "ratio"),
    [(500, 15, 58.2, 30, 485 / 15), (5000, 250, 950, 500, 19), (10_000, 1500, 5100, 3000, 17 / 3)],
)
def test_the_three_data_sets_of_the_chapter(total, positive, effective, balanced, ratio):
    profile = MedicalDatasetProfiler(total, positive).profile()
    assert profile.effective_samples == pytest.approx(effective, rel=1e-12)
    assert profile.balanced_samples == balanced
    assert profile.imbalance_ratio == pytest.approx(ratio, rel=1e-12)
    assert profile.prevalence == positive / total


@given(counts, st.floats(0, 500), st.floats(0, 1000), st.integers(1, 9))
@settings(deadline=None)
def test_cost_is_images_times_minutes_times_readers_times_rate(n, minutes, rate, readers):
    profile = MedicalDatasetProfiler(n, 0, minutes, hourly_rate=rate, readers=readers).profile()
    assert profile.annotation_hours == pytest.approx(n * readers * minutes / 60)
    assert profile.annotation_cost == pytest.approx(profile.annotation_hours * rate)


def test_cost_range_holds_the_episodes_figures():
    costs = MedicalDatasetProfiler(500, 15).cost_range()
    assert costs.cost[0, 0] == 12_500
    assert costs.cost[2, 0] == 37_500
    assert costs.cost[2, 2] == 112_500
    wide = MedicalDatasetProfiler(500, 15).cost_range((10, 30), (1, 2, 4))
    assert wide.hours.shape == (2, 3)
    assert wide.hours[1, 2] == 500 * 30 * 4 / 60
    one = MedicalDatasetProfiler(500, 15, 20, readers=2, hourly_rate=80)
    assert one.cost_range((20,), (2,)).cost[0, 0] == one.profile().annotation_cost


@pytest.mark.parametrize(
    ("total", "positive", "words"),
    [
        (500, 15, ["15 of 500", "500 cases are few", "effective sample size 58"]),
        (5000, 250, ["250 of 5,000"]),  # exactly 5%: the limit belongs to the warning
        (5000, 251, []),
        (5000, 4750, ["250 of 5,000"]),  # a rare negative class is as severe as a rare positive one
        (10_000, 1500, []),
        (999, 500, ["999 cases are few"]),
        (1000, 500, []),
        (1000, 52, ["effective sample size 197"]),
        (1000, 53, []),  # 200.8
        (200, 99, ["200 cases are few", "effective sample size 200"]),  # 199.98
        (200, 100, ["200 cases are few"]),
        (2000, 0, ["no positive case", "effective sample size 0"]),
        (2000, 2000, ["no negative case", "effective sample size 0"]),
    ],
)
def test_warnings_and_their_limits(total, positive, words):
    warnings = MedicalDatasetProfiler(total, positive).profile().warnings
    assert len(warnings) == len(words)
    assert all(word in text for word, text in zip(words, warnings, strict=True))


def test_an_empty_class_has_effective_size_zero_and_no_ratio():
    none = MedicalDatasetProfiler(2000, 0).profile()
    assert (none.prevalence, none.imbalance_ratio) == (0.0, float("inf"))
    assert (none.effective_samples, none.balanced_samples) == (0.0, 0)
    everyone = MedicalDatasetProfiler(2000, 2000).profile()
    assert (everyone.prevalence, everyone.imbalance_ratio) == (1.0, 0.0)
    assert (everyone.effective_samples, everyone.balanced_samples) == (0.0, 0)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((0, 0), {}, ValueError, "n_total must be at least 1"),
        ((10, 20), {}, ValueError, "n_positive must be at most n_total"),
        ((-5, 0), {}, ValueError, "n_total"),
        ((10, -1), {}, ValueError, "n_positive"),
        ((10.0, 1), {}, TypeError, "n_total must be an integer"),
        ((10, True), {}, TypeError, "n_positive must be an integer"),
        ((10, 1, -15), {}, ValueError, "annotation_minutes"),
        ((10, 1, float("nan")), {}, ValueError, "annotation_minutes must be finite"),
        ((10, 1), {"hourly_rate": -1.0}, ValueError, "hourly_rate"),
        ((10, 1), {"hourly_rate": "150"}, TypeError, "hourly_rate"),
        ((10, 1), {"readers": 0}, ValueError, "readers"),
        ((10, 1), {"readers": 1.5}, TypeError, "readers"),
    ],
)
def test_impossible_input_is_refused_by_name(arguments, options, error, words):
    with pytest.raises(error, match=words):
        MedicalDatasetProfiler(*arguments, **options)


@pytest.mark.parametrize(
    ("options", "words"), [({"minutes": (-1,)}, "minutes"), ({"readers": (0,)}, "readers")]
)
def test_cost_range_refuses_by_name(options, words):
    with pytest.raises(ValueError, match=words):
        MedicalDatasetProfiler(10, 1).cost_range(**options)


def test_numpy_counts_are_integers_too():
    assert MedicalDatasetProfiler(np.int64(500), np.uint8(15)).profile().n_positive == 15


@given(counts, counts)
@settings(deadline=None, max_examples=30)
def test_text_and_table_show_the_same_values(a, b):
    assume(a > 0)
    profile = MedicalDatasetProfiler(a + b, a).profile()
    text, table = str(profile), profile._repr_html_()
    for value in (f"{a + b:,}", f"{profile.balanced_samples:,}", *profile.warnings):
        assert value in text
        assert value in table
    assert table.count("<tr>") == text.count("\n") + 1


def test_profile_is_frozen_and_the_cost_table_names_its_assumption():
    profiler = MedicalDatasetProfiler(500, 15, hourly_rate=90)
    with pytest.raises(dataclasses.FrozenInstanceError):
        profiler.profile().prevalence = 0.5
    costs = profiler.cost_range()
    for shown in (str(costs), costs._repr_html_()):
        assert "assumed $90 an hour" in shown
        assert "$67,500" in shown
