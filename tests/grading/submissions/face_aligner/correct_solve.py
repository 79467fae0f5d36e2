# Four linear equations in the four parameters of a similarity.
import numpy as np


class FaceAligner:
    def __init__(self, target_eye_dist=70, target_center=(112, 112)):
        self.half = target_eye_dist / 2.0
        self.cx, self.cy = target_center

    def compute_alignment(self, left_eye, right_eye):
        (x1, y1), (x2, y2) = left_eye, right_eye
        # u = a x - b y + tx, v = b x + a y + ty
        A = np.array([[x1, -y1, 1, 0], [y1, x1, 0, 1], [x2, -y2, 1, 0], [y2, x2, 0, 1]])
        rhs = [self.cx - self.half, self.cy, self.cx + self.half, self.cy]
        if x1 == x2 and y1 == y2:
            raise ValueError(f"no direction between {left_eye} and {right_eye}")
        a, b, tx, ty = np.linalg.solve(A, rhs)
        distance = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        return np.array([[a, -b, tx], [b, a, ty]]), -np.degrees(np.arctan2(b, a)), distance

    def apply_affine(self, points, M):
        out = np.zeros((len(points), 2))
        for i, p in enumerate(points):
            out[i] = np.dot(M, np.append(p, 1.0))
        return out
