"""What the figures of the augmentation chapter paint."""

import numpy as np

from lessonlib.figures.augmentation import deformations


def test_what_is_painted_as_folded_is_what_folds():
    """Three films: one that folds in a known corner, one that only touches 0, one that does not."""
    rng = np.random.default_rng(0)
    films = {name: rng.random((8, 6)) for name in ("corner", "touches", "none")}
    determinants = [np.full((8, 6), 1.5) for _ in films]
    determinants[0][:2, :3] = -0.2
    determinants[1][5, 4] = 0.0
    figure = deformations(films, determinants)
    lower = [axes for axes in figure.axes if "folded" in axes.get_xlabel()]
    assert [axes.get_xlabel() for axes in lower] == [
        f"folded: {share:.1%}" for share in (6 / 48, 1 / 48, 0)
    ]
    for axes, determinant in zip(lower, determinants, strict=True):
        map_, fold = (np.ma.asarray(image.get_array()) for image in axes.images)
        np.testing.assert_array_equal(map_, determinant)
        painted = ~np.ma.getmaskarray(fold)
        np.testing.assert_array_equal(painted, determinant <= 0)
