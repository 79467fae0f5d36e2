"""Cases fed in pieces, against the same cases in memory."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessonlib.evaluation import (
    StreamingEvaluation,
    auc_interval,
    calibration,
    operating_point,
    reliability_curve,
)
from lessonlib.evaluation import at_threshold as in_memory_at

K = 1 << 16
QUICK = settings(max_examples=60, deadline=None)
#: Labels with both classes, and probabilities as numbers of cells, ends included.
CASES = st.lists(
    st.tuples(st.booleans(), st.integers(0, K) | st.sampled_from([0, 1, K // 2, K - 1, K])),
    min_size=2,
    max_size=60,
).filter(lambda cases: len({label for label, _ in cases}) == 2)


def arrays(cases):
    labels, cells = np.transpose(cases)
    return labels.astype(int), cells / K


def many(n, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.2
    return labels.astype(int), 1 / (1 + np.exp(2 - rng.standard_normal(n) - 1.5 * labels))


def fed(labels, p, pieces=1, **options):
    stream = StreamingEvaluation(**options)
    for y, q in zip(np.array_split(labels, pieces), np.array_split(p, pieces), strict=True):
        assert stream.update(y, q) is stream
    return stream


@QUICK
@given(cases=CASES, share=st.floats(0.01, 1))
def test_multiples_of_a_cell_lose_nothing(cases, share):
    labels, p = arrays(cases)
    stream, wanted = fed(labels, p), auc_interval(labels, p)
    found = stream.auc_interval()
    for name in ("auc", "low", "high", "standard_error"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), abs=1e-12, nan_ok=True)
    assert (found.n_positive, found.n_negative) == (wanted.n_positive, wanted.n_negative)
    assert stream.operating_point(share) == operating_point(labels, p, share)


@QUICK
@given(
    cases=st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=2, max_size=60).filter(
        lambda cases: len({label for label, _ in cases}) == 2
    ),
    share=st.floats(0.01, 1),
    edge=st.integers(0, K),
)
def test_any_probability_keeps_what_is_promised(cases, share, edge):
    labels, p = np.array([c[0] for c in cases], int), np.array([c[1] for c in cases])
    stream = fed(labels, p)
    assert abs(stream.auc_interval().auc - auc_interval(labels, p).auc) <= (
        stream.auc_error + 1e-12
    )
    assert stream.at_threshold(edge / K) == in_memory_at(labels, p, edge / K)
    ours, best = stream.operating_point(share), operating_point(labels, p, share)
    assert 0 <= best.threshold - ours.threshold < 1 / K
    assert ours.sensitivity >= share
    assert ours == in_memory_at(labels, p, ours.threshold)
    # No edge above reaches the sensitivity.
    if ours.threshold < 1:
        assert in_memory_at(labels, p, ours.threshold + 1 / K).sensitivity < share


def test_the_error_is_really_reached():
    """A pair in one cell is counted half, whichever is larger."""
    for p in ([0.5, 0.500001], [0.500001, 0.5]):
        stream = StreamingEvaluation().update([0, 1], p)
        assert stream.auc_interval().auc == 0.5
        assert abs(auc_interval([0, 1], p).auc - 0.5) == stream.auc_error == 0.5


def test_many_cases_are_near():
    labels, p = many(200_000)
    stream, wanted = fed(labels, p, 7), auc_interval(labels, p)
    assert stream.auc_error < 5e-5
    found = stream.auc_interval()
    assert abs(found.auc - wanted.auc) <= stream.auc_error
    assert found.standard_error == pytest.approx(wanted.standard_error, rel=1e-3)


@pytest.mark.parametrize("n_bins", [1, 7, 10, 16])
def test_calibration_is_exact(n_bins):
    labels, p = many(5000)
    p[:11] = np.linspace(0, 1, 11)  # on the bins' edges
    stream = fed(labels, p, 3, n_bins=n_bins)
    found = stream.reliability_curve()
    wanted = reliability_curve(labels, p, n_bins=n_bins, strategy="uniform")
    for name in ("predicted", "observed", "low", "high", "count"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-12)
    inner = (p > 0) & (p < 1)
    inside = fed(labels[inner], p[inner], n_bins=n_bins)
    whole = calibration(labels[inner], p[inner], n_bins=n_bins, strategy="uniform")
    assert inside.brier == pytest.approx(whole.brier, rel=1e-12)
    assert inside.reliability_curve().error == pytest.approx(whole.error, rel=1e-9)


@QUICK
@given(cuts=st.lists(st.integers(0, 300), max_size=5), seed=st.integers(0, 20))
def test_pieces_and_mergers_do_not_matter(cuts, seed):
    labels, p = many(300, seed)
    whole, merged = fed(labels, p), StreamingEvaluation()
    for y, q in zip(np.split(labels, sorted(cuts)), np.split(p, sorted(cuts)), strict=True):
        part = StreamingEvaluation()
        if len(y):
            part.update(y, q)
        assert merged.merge(part) is merged
    assert merged.auc_interval() == whole.auc_interval()
    assert merged.operating_point(0.9) == whole.operating_point(0.9)
    assert merged.brier == pytest.approx(whole.brier, rel=1e-12)
    np.testing.assert_array_equal(
        merged.reliability_curve().observed, whole.reliability_curve().observed
    )
    assert repr(merged) == repr(whole)


def test_refusals_count_nothing():
    stream = StreamingEvaluation().update([0, 1], [0.25, 0.75])
    before = repr(stream), stream.brier
    for labels, p, message in (
        ([0, 2], [0.1, 0.2], "0 and 1 only"),
        ([0, 1], [0.1, 1.2], r"probabilities in \[0, 1\]"),
        ([0, 1], [0.1, np.nan], "finite"),
        ([0, 1], [0.1], "one score for each"),
        ([], [], "empty"),
    ):
        with pytest.raises(ValueError, match=message):
            stream.update(labels, p)
    assert (repr(stream), stream.brier) == before
    with pytest.raises(TypeError, match="other must be a StreamingEvaluation"):
        stream.merge(None)
    with pytest.raises(ValueError, match="other must have 10 bins, got 5"):
        stream.merge(StreamingEvaluation(n_bins=5))
    with pytest.raises(ValueError, match=r"multiple of 1/65536 .* take 0\.3000030517578125"):
        stream.at_threshold(0.3)
    with pytest.raises(ValueError, match="at most 1"):
        stream.at_threshold(1.5)
    with pytest.raises(ValueError, match="greater than 0"):
        stream.operating_point(0)


def test_one_class_and_none():
    empty = StreamingEvaluation()
    assert np.isnan(empty.brier)
    one = StreamingEvaluation().update([1, 1], [0.5, 0.7])
    assert np.isnan(one.at_threshold(0.5).specificity)
    for stream in (empty, one):
        for ask in (stream.auc_interval, stream.operating_point, stream.reliability_curve):
            with pytest.raises(ValueError, match="both classes"):
                ask()


def test_ten_million_scores_in_bounded_memory():
    """Scores and labels would be 160 MB; twenty pieces of them never exist at once."""
    code = """
import numpy as np
from lessonlib.evaluation import StreamingEvaluation
from lessonlib.scientific.tile import peak_memory
rng = np.random.default_rng(0)
stream = StreamingEvaluation()
def piece(n):
    labels = rng.random(n) < 0.1
    return labels, (rng.random(n) + labels * rng.random(n)) / 2
stream.update(*piece(1000))
before = peak_memory()
for _ in range(20):
    stream.update(*piece(500_000))
print(stream.n_positive + stream.n_negative, peak_memory() - before, stream.auc_error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    count, grown, error = done.stdout.split()
    assert int(count) == 10_001_000
    assert int(grown) < 60 * 2**20
    assert float(error) < 2e-5
