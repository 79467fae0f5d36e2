# scikit-image's estimate from two point pairs; homogeneous coordinates.
import numpy as np
from skimage.transform import SimilarityTransform


class FaceAligner:
    def __init__(self, target_eye_dist=70, target_center=(112, 112)):
        x, y = target_center
        half = target_eye_dist / 2
        self.target = np.array([[x - half, y], [x + half, y]], dtype=float)

    def compute_alignment(self, left_eye, right_eye):
        eyes = np.vstack([left_eye, right_eye]).astype(float)
        if np.allclose(eyes[0], eyes[1], atol=1e-9):
            raise ValueError("coinciding eyes")
        dx, dy = eyes[1] - eyes[0]
        transform = SimilarityTransform.from_estimate(eyes, self.target)
        return transform.params[:2], np.rad2deg(np.arctan2(dy, dx)), np.linalg.norm([dx, dy])

    def apply_affine(self, points, M):
        homogeneous = np.column_stack([points, np.ones(len(points))])
        return np.einsum("ij,nj->ni", M, homogeneous)
