"""Similarities against scikit-image and SciPy, and what noise does to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial import procrustes
from skimage import data
from skimage.transform import SimilarityTransform

from lessonlib import faces
from solutions.face_aligner import FaceAligner as Solution

COORDINATES = st.floats(-500, 500, allow_nan=False)


def apart(points, least=1.0):
    return np.abs(points - points.mean(axis=0)).max() > least


@settings(deadline=None, max_examples=80)
@given(st.integers(2, 8), st.integers(0, 10_000))
def test_fit_is_scikit_images(n, seed):
    rng = np.random.default_rng(seed)
    source, target = rng.uniform(0, 200, (2, n, 2))
    ours = faces.fit_similarity(source, target)
    theirs = SimilarityTransform.from_estimate(source, target)
    if n > 2 and np.linalg.det(theirs.params[:2, :2]) <= 0:
        return
    np.testing.assert_allclose(ours.matrix, theirs.params[:2], atol=1e-7)
    assert ours.scale == pytest.approx(theirs.scale)
    assert np.cos(np.radians(ours.angle) - theirs.rotation) == pytest.approx(1)
    np.testing.assert_allclose(ours.residuals, theirs.residuals(source, target), atol=1e-7)


def test_fit_agrees_with_procrustes_on_the_sum_of_squares():
    """SciPy's disparity is the residual sum of squares over the target's own, reflection aside."""
    rng = np.random.default_rng(4)
    source = rng.uniform(0, 100, (5, 2))
    target = faces.FaceAligner().apply_affine(source, [[0.8, -0.6, 3], [0.6, 0.8, 9]])
    target += rng.normal(0, 3, target.shape)
    fit = faces.fit_similarity(source, target)
    spread = np.sum((target - target.mean(axis=0)) ** 2)
    assert np.sum(fit.residuals**2) / spread == pytest.approx(procrustes(target, source)[2])


@settings(deadline=None, max_examples=60)
@given(
    arrays(float, (5, 2), elements=COORDINATES),
    st.floats(-180, 180),
    st.floats(0.01, 50),
    COORDINATES,
    COORDINATES,
)
def test_fit_recovers_an_exact_similarity(points, angle, scale, dx, dy):
    if not apart(points):
        return
    c, s = scale * np.cos(np.radians(angle)), scale * np.sin(np.radians(angle))
    target = points @ np.array([[c, -s], [s, c]]).T + (dx, dy)
    fit = faces.fit_similarity(points, target)
    assert fit.scale == pytest.approx(scale, rel=1e-6)
    assert np.cos(np.radians(fit.angle - angle)) == pytest.approx(1, abs=1e-9)
    assert fit.rms < 1e-6 * max(1, scale * 1000)
    assert "scale by" in str(fit)


@settings(deadline=None, max_examples=60)
@given(*[COORDINATES] * 4)
def test_two_eyes_agree_with_the_solution(a, b, c, d):
    if np.hypot(c - a, d - b) < 1e-3:
        return
    ours, theirs = faces.FaceAligner(60, (100, 90)), Solution(60, (100, 90))
    mine, its = ours.compute_alignment((a, b), (c, d)), theirs.compute_alignment((a, b), (c, d))
    for got, expected in zip(mine, its, strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6)
    eyes = ours.apply_affine([(a, b), (c, d)], mine[0])
    np.testing.assert_allclose(eyes, [(70, 90), (130, 90)], atol=1e-4)
    np.testing.assert_allclose(eyes, theirs.apply_affine([(a, b), (c, d)], its[0]), atol=1e-5)


def test_five_marks_average_their_noise_as_the_formula_says():
    aligner = faces.FaceAligner()
    rng = np.random.default_rng(0)
    chin = [(112, 230), (112, 112), (160, 190)]
    for n in (2, 5):
        marks = aligner.template[:n]
        found = []
        for _ in range(4000):
            fit = faces.fit_similarity(marks + rng.normal(0, 1.0, marks.shape), marks)
            found.append(np.sum((aligner.apply_affine(chin, fit.matrix) - chin) ** 2, axis=1))
        simulated = np.sqrt(np.mean(found, axis=0))
        np.testing.assert_allclose(
            simulated, faces.expected_misplacement(marks, chin, 1.0), rtol=0.04
        )


def test_frontal_faces_of_any_tilt_are_aligned_without_residual():
    aligner = faces.FaceAligner()
    np.testing.assert_allclose(faces.posed_landmarks(), aligner.template)
    for roll, size in ((-30, 40), (12, 70), (90, 150)):
        marks = faces.posed_landmarks(roll=roll, eye_dist=size, center=(80, 130))
        fit = aligner.align_landmarks(marks)
        assert fit.rms < 1e-9
        assert fit.scale == pytest.approx(70 / size)
        assert fit.angle == pytest.approx(-roll)
        two = aligner.compute_alignment(*marks[:2])[0]
        np.testing.assert_allclose(fit.matrix, two, atol=1e-9)


def test_a_turned_head_shows_in_the_residual_of_five_and_not_of_two():
    aligner = faces.FaceAligner()
    turned = faces.posed_landmarks(yaw=45)
    assert np.ptp(turned[:2, 0]) == pytest.approx(70 * np.cos(np.pi / 4))
    M, _, distance = aligner.compute_alignment(*turned[:2])
    assert np.hypot(*M[:, 0]) == pytest.approx(np.sqrt(2))
    assert distance == pytest.approx(70 / np.sqrt(2))
    assert aligner.align_landmarks(turned).rms > 5
    np.testing.assert_allclose(
        faces.posed_landmarks(yaw=20)[:, 1], faces.posed_landmarks()[:, 1]
    )  # turning to the side moves nothing up or down
    swapped = faces.posed_landmarks()[[1, 0, 2, 3, 4]]
    assert aligner.align_landmarks(swapped).rms > 20
    assert aligner.compute_alignment(*swapped[:2])[1] == pytest.approx(180)


def test_warp_moves_pixels_where_points_go():
    aligner = faces.FaceAligner()
    image = np.zeros((300, 300))
    eyes = np.array([(120.0, 140.0), (180.0, 160.0)])
    for x, y in eyes:
        image[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2] = 1
    M, _, _ = aligner.compute_alignment(*eyes)
    out = aligner.warp(image, M)
    y, x = np.mgrid[:224, :224]
    for column, (a, b) in ((77, (0, 112)), (147, (112, 224))):
        part = out * ((x >= a) & (x < b))
        assert (part * x).sum() / part.sum() == pytest.approx(column, abs=0.3)
        assert (part * y).sum() / part.sum() == pytest.approx(112, abs=0.3)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.float64])
def test_warp_keeps_type_range_and_input(dtype):
    photo = data.astronaut()[80:180, 180:280].astype(dtype)
    before = photo.copy()
    out = faces.FaceAligner().warp(photo, [[1, 0, 0], [0, 1, 0]], (100, 100))
    assert out.dtype == dtype
    np.testing.assert_array_equal(photo, before)
    np.testing.assert_allclose(out.astype(float), photo.astype(float), atol=1e-3)


BAD = [
    (lambda: faces.fit_similarity([(1, 1), (1, 1)], [(0, 0), (1, 1)]), "source"),
    (lambda: faces.fit_similarity([(0, 0), (1, 1)], [(2, 2), (2, 2)]), "target"),
    (lambda: faces.fit_similarity([(0, 0), (1, 1)], [(2, 2), (3, 2), (1, 1)]), "target"),
    (lambda: faces.fit_similarity([(0, 0)], [(2, 2)]), "source"),
    (lambda: faces.fit_similarity([(0, np.nan), (1, 1)], [(2, 2), (3, 2)]), "source.*index 0"),
    (lambda: faces.fit_similarity([("a", "b"), ("c", "d")], [(2, 2), (3, 2)]), "source"),
    (lambda: faces.expected_misplacement([(0, 0), (1, 0)], [(0, 0)], -1), "noise"),
    (lambda: faces.expected_misplacement([(0, 0), (0, 0)], [(0, 0)], 1), "landmarks"),
    (lambda: faces.posed_landmarks(yaw=np.inf), "yaw"),
    (lambda: faces.posed_landmarks(eye_dist=0), "eye_dist"),
    (lambda: faces.FaceAligner(0), "target_eye_dist"),
    (lambda: faces.FaceAligner(70, (1, 2, 3)), "target_center"),
    (lambda: faces.FaceAligner().compute_alignment((3, 4), (3, 4)), "coincide"),
    (lambda: faces.FaceAligner().compute_alignment((3, 4), (3, np.nan)), "eye"),
    (lambda: faces.FaceAligner().align_landmarks(np.zeros((4, 2))), "landmarks"),
    (lambda: faces.FaceAligner().align_landmarks(np.eye(6)[:, :2]), "five"),
    (lambda: faces.FaceAligner().apply_affine([(1, 2)], np.eye(3)), "matrix"),
    (lambda: faces.FaceAligner().warp(np.zeros((5, 5)), np.zeros((2, 3))), "matrix"),
    (lambda: faces.FaceAligner().warp(np.zeros(5), np.eye(3)[:2]), "image"),
    (lambda: faces.FaceAligner().warp(np.zeros((5, 5), complex), np.eye(3)[:2]), "image"),
]


@pytest.mark.parametrize(("call", "name"), BAD)
def test_bad_input_is_named(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()


def test_the_demonstration_puts_five_faces_in_place(capsys):
    aligner = faces.FaceAligner(target_eye_dist=50, target_center=(80, 90))
    rows = aligner.run(seed=3)
    assert len(rows) == 5
    for row in rows:
        assert row["angle_after"] == 0
        assert row["distance_after"] == pytest.approx(50)
        assert row["center"] == pytest.approx((80, 90))
        assert -30 <= row["angle_before"] <= 30
        assert 40 <= row["distance_before"] <= 120
    assert len({row["angle_before"] for row in rows}) == 5
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 6
    for line, row in zip(printed[1:], rows, strict=True):
        assert f"{row['angle_before']:.2f}" in line
        assert f"{row['distance_before']:.2f}" in line
    assert "-0.00" not in "".join(line.split("(")[0][15:22] for line in printed)
    assert rows == aligner.run(seed=3)


def test_the_episodes_names_of_the_target():
    aligner = faces.FaceAligner(60, (100, 120))
    assert (aligner.target_dist, aligner.target_cx, aligner.target_cy) == (60, 100, 120)
