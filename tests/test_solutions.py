"""The worked solutions: what they print, and that they need nothing but what a learner may use."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from solutions.augmentation_validator import AugmentationValidator
from solutions.embedding_similarity_analyzer import EmbeddingSimilarityAnalyzer
from solutions.expression_analyzer import ExpressionAnalyzer
from solutions.face_aligner import FaceAligner
from solutions.imbalance_comparator import ImbalanceComparator
from solutions.scientific_image_analyzer import ScientificImageAnalyzer

SOLUTIONS = sorted((Path(__file__).parents[1] / "solutions").glob("[!_]*.py"))
ALLOWED = {"numpy", "scipy", "sklearn", "imblearn", "skimage", "matplotlib"}


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_imports_only_what_a_submission_may(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    }
    assert imported <= ALLOWED


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_every_public_method_names_its_part(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    (cls,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    for method in cls.body:
        if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
            assert ast.get_docstring(method).startswith("Part ")


def test_flip_alone_is_inconsistent_in_every_one_of_100_xrays():
    for seed in range(100):
        table = AugmentationValidator(seed=seed).validate()
        assert [name for name, row in table.items() if not row["consistent"]] == ["horizontal_flip"]
        assert table["elastic"]["correlation"] < table["brightness"]["correlation"]


def test_noise_of_the_xray_does_not_come_back_in_its_augmentation():
    validator = AugmentationValidator(seed=3)
    image = validator.generate()
    added = validator.augment(image)["noise"] - image
    inside = (image > 0.15) & (image < 0.6)  # background, unclipped
    assert abs(np.corrcoef(image[inside], added[inside])[0, 1]) < 0.1


def test_comparator_agrees_with_scikit_learn_on_its_metrics():
    from sklearn.metrics import f1_score, recall_score, roc_auc_score

    rng = np.random.default_rng(0)
    y, scores = rng.integers(0, 2, 200), rng.random(200).round(2)
    row = ImbalanceComparator().evaluate(y, scores)
    predicted = scores >= 0.5
    assert row == pytest.approx(
        {
            "sensitivity": recall_score(y, predicted),
            "specificity": recall_score(y, predicted, pos_label=0),
            "auc": roc_auc_score(y, scores),
            "f1": f1_score(y, predicted),
        }
    )


def test_scene_has_correlated_channels_and_full_vegetation():
    analyzer = ScientificImageAnalyzer()
    scene = analyzer.generate()
    off_diagonal = analyzer.channel_correlation(scene)[~np.eye(8, dtype=bool)]
    assert off_diagonal.min() < -0.4
    assert off_diagonal.max() > 0.5
    # (500 - 255) / (500 + 255) = 0.3245: in these units NDVI cannot be as low as 0.3.
    assert analyzer.ndvi_statistics(scene)["vegetation_fraction"] == 1.0


def test_embeddings_follow_the_expected_cosine():
    for sigma in (0.01, 0.05, 0.15):
        same, diff = EmbeddingSimilarityAnalyzer(noise_sigma=sigma).analyze()
        assert (len(same), len(diff)) == (225, 1000)
        assert same.mean() == pytest.approx(1 / (1 + 512 * sigma**2), abs=0.02)
        assert abs(diff.mean()) < 0.02


def test_aligner_agrees_with_a_least_squares_similarity():
    from skimage.transform import SimilarityTransform

    rng = np.random.default_rng(1)
    for eyes in rng.uniform(0, 200, (20, 2, 2)):
        M, angle, distance = FaceAligner().compute_alignment(*eyes)
        target = np.array([[77, 112], [147, 112]], dtype=float)
        assert SimilarityTransform.from_estimate(eyes, target).params[:2] == pytest.approx(M)
        step = eyes[1] - eyes[0]
        turned = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]) * distance
        assert turned == pytest.approx(step)


def test_confusion_rows_sum_to_one_before_sampling_at_any_probability():
    analyzer = ExpressionAnalyzer()
    for name in analyzer.EXPRESSIONS:
        for correct in (0.0, 0.5, 0.9, 0.97, 1.0):
            for boost in (0.0, 0.3):
                row = analyzer._row(name, correct, boost)
                assert sum(row) == pytest.approx(1)
                assert min(row) >= 0
    counts = ExpressionAnalyzer(samples_per=200_000).generate_confusion()
    assert np.diag(counts) / 200_000 == pytest.approx(analyzer.CORRECT_PROBS, abs=0.006)


def test_metrics_agree_with_scikit_learn():
    from sklearn.metrics import precision_recall_fscore_support

    analyzer = ExpressionAnalyzer()
    cm = analyzer.generate_confusion()
    true = np.repeat(np.repeat(np.arange(7), 7), cm.ravel())
    predicted = np.repeat(np.tile(np.arange(7), 7), cm.ravel())
    reference = np.transpose(precision_recall_fscore_support(true, predicted)[:3])
    ours = [list(row.values()) for row in analyzer.metrics(cm).values()]
    assert np.array(ours) == pytest.approx(reference)


@pytest.mark.parametrize("shape", [(64, 64), (40, 51)])
def test_augmentation_validator_agrees_with_the_package(shape):
    from lessonlib.augmentation import AugmentationValidator as Package

    rng = np.random.default_rng(5)
    image = rng.random(shape)
    image[:, : shape[1] // 3] += 0.5
    image /= image.max()
    ours, theirs = AugmentationValidator(seed=9), Package(seed=9)
    mine, its = ours.augment(image), theirs.augment(image)
    assert list(mine) == list(its)
    for name in ("rotation", "horizontal_flip", "brightness"):  # the others are drawn
        np.testing.assert_allclose(mine[name], its[name], atol=1e-12)
    for other in (*mine.values(), np.full(shape, 0.1)):
        assert ours.signal_preservation(image, other) == pytest.approx(
            theirs.signal_preservation(image, other), abs=1e-12
        )
    for other in mine.values():
        same = theirs.check_anatomical_consistency(image, other)
        assert ours.check_anatomical_consistency(image, other) == same


def test_scientific_image_analyzer_agrees_with_the_package():
    from lessonlib.scientific import ScientificImageAnalyzer as Package

    scene = Package(size=32, seed=1).generate()
    constant = scene.copy()
    constant[2], constant[6] = 0.1, 0.0
    for image in (scene, constant):
        for method in (
            "per_channel_normalize",
            "percentile_clip",
            "compute_ndvi",
            "channel_statistics",
            "channel_correlation",
        ):
            ours = getattr(ScientificImageAnalyzer(), method)(image)
            theirs = getattr(Package(), method)(image)
            if method == "channel_correlation":  # the diagonal of a constant is not asked
                np.fill_diagonal(ours, 1)
                np.fill_diagonal(theirs, 1)
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9, err_msg=method)
        assert ScientificImageAnalyzer().ndvi_statistics(image) == pytest.approx(
            Package().ndvi_statistics(image)
        )


@pytest.mark.parametrize("name", ["AugmentationValidator", "ScientificImageAnalyzer"])
def test_the_package_itself_gets_full_marks(name):
    from lessonlib.augmentation import AugmentationValidator as Augmentation
    from lessonlib.grading.checks import EXERCISES
    from lessonlib.grading.exercise import LocalRemote
    from lessonlib.scientific import ScientificImageAnalyzer as Scientific

    cls = {"AugmentationValidator": Augmentation, "ScientificImageAnalyzer": Scientific}[name]
    for criterion in EXERCISES[name].criteria:
        criterion.check(LocalRemote(cls), np.random.default_rng(2))
