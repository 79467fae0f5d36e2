"""Simulated photos, compared with the closed forms, scikit-learn and the worked solution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

from lessonlib import faces
from solutions.embedding_similarity_analyzer import EmbeddingSimilarityAnalyzer as Solution


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 6), st.integers(1, 6), st.integers(2, 40), st.floats(0, 2), st.integers(0, 99)
)
def test_library_and_solution_agree(ids, photos, dim, sigma, seed):
    ours = faces.EmbeddingSimilarityAnalyzer(ids, photos, dim, sigma, seed)
    theirs = Solution(ids, photos, dim, sigma, seed)
    np.testing.assert_allclose(ours.embeddings, theirs.embeddings, atol=1e-12)
    np.testing.assert_array_equal(ours.labels, theirs.labels)
    np.testing.assert_allclose(ours.cosine_matrix(), theirs.cosine_matrix(), atol=1e-12)
    for mine, its in zip(ours.analyze(), theirs.analyze(), strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-12)
    if ids > 1 and photos > 1:
        t = [-1.0, 0.0, 0.3, 0.9, 1.1]
        np.testing.assert_allclose(ours.evaluate_thresholds(t), theirs.evaluate_thresholds(t))


def test_target_cosine_sets_the_noise():
    for cosine, dim in ((0.9, 512), (0.5, 128), (0.85, 64)):
        made = faces.EmbeddingSimilarityAnalyzer(20, 10, dim, target_cosine=cosine)
        assert made.noise_sigma == faces.noise_for_cosine(cosine, dim)
        same, _ = made.analyze()
        assert same.mean() == pytest.approx(cosine, abs=0.02)


def test_verification_agrees_with_scikit_learn():
    for sigma in (0.02, 0.15, 0.3):
        made = faces.EmbeddingSimilarityAnalyzer(noise_sigma=sigma, seed=2)
        same, diff = made.analyze()
        report = made.verification()
        y = np.repeat([1, 0], [len(same), len(diff)])
        assert report.auc == pytest.approx(roc_auc_score(y, np.r_[same, diff]))
        assert report.gap == same.min() - diff.max()
        assert (report.n_same, report.n_diff) == (225, 1000)
        tpr, fpr, _ = made.evaluate_thresholds([report.threshold])[0]
        assert abs((1 - tpr) - fpr) < 1 / 100
        assert report.equal_error_rate == pytest.approx((1 - tpr + fpr) / 2)
    assert "gap" in str(report)


def test_perfect_separation_has_no_errors():
    report = faces.EmbeddingSimilarityAnalyzer(target_cosine=0.95).verification()
    assert report.gap > 0
    assert report.auc == 1
    assert report.equal_error_rate == 0


def test_other_embeddings_may_be_put_in():
    made = faces.EmbeddingSimilarityAnalyzer()
    rng = np.random.default_rng(1)
    made.embeddings = rng.normal(size=(7, 4)) * 3
    made.labels = np.array([2, 2, 9, 9, 9, 1, 2])
    np.testing.assert_allclose(made.cosine_matrix(), cosine_similarity(made.embeddings))
    same, diff = made.analyze()
    assert (len(same), len(diff)) == (6, 15)
    made.embeddings[3] = 0
    with pytest.raises(ValueError, match="row 3"):
        made.analyze()
    made.labels = made.labels[:5]
    with pytest.raises(ValueError, match="labels"):
        made.analyze()


def test_a_cosine_equal_to_the_threshold_is_a_match():
    made = faces.EmbeddingSimilarityAnalyzer(2, 2, 4)
    made.embeddings = np.eye(4)[[0, 0, 1, 2]]
    made.labels = np.array([5, 5, 6, 6])
    rates = made.evaluate_thresholds([0.0, 0.5, 1.0, 1.5])
    np.testing.assert_array_equal(rates[:, 0], [1, 0.5, 0.5, 0])
    np.testing.assert_array_equal(rates[:, 1], [1, 0, 0, 0])


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"num_ids": 0}, "num_ids"),
        ({"photos_per": 1.5}, "photos_per"),
        ({"embed_dim": 1}, "embed_dim"),
        ({"noise_sigma": -0.1}, "noise_sigma"),
        ({"noise_sigma": np.nan}, "noise_sigma"),
        ({"seed": -1}, "seed"),
        ({"target_cosine": 1.0}, "cosine"),
        ({"target_cosine": 0}, "cosine"),
    ],
)
def test_bad_input_is_named(changes, name):
    with pytest.raises((TypeError, ValueError), match=name):
        faces.EmbeddingSimilarityAnalyzer(**changes)


def test_thresholds_and_missing_pairs():
    made = faces.EmbeddingSimilarityAnalyzer(3, 1)
    assert np.isnan(made.evaluate_thresholds([0.5])[0, 0])
    with pytest.raises(ValueError, match="got 0 and 3"):
        made.verification()
    for bad in ([[0.5]], [np.nan]):
        with pytest.raises(ValueError, match="thresholds"):
            made.evaluate_thresholds(bad)
