# A chain of 3x3 matrices: to the origin, turn, scale, to the target. Arrays expected.
import numpy as np


class FaceAligner:
    def __init__(self, target_eye_dist=70, target_center=(112, 112)):
        self.target_eye_dist = target_eye_dist
        self.target_center = np.array(target_center)

    @staticmethod
    def move(offset):
        T = np.eye(3)
        T[:2, 2] = offset
        return T

    def compute_alignment(self, left_eye, right_eye):
        step = right_eye - left_eye  # arrays
        distance = np.sqrt(step @ step)
        if distance < 1e-6:
            raise ValueError("eyes coincide")
        theta = np.arctan2(step[1], step[0])
        R = np.eye(3)
        R[:2, :2] = [[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]]
        S = np.diag([self.target_eye_dist / distance] * 2 + [1])
        M = self.move(self.target_center) @ S @ R @ self.move(-(left_eye + right_eye) / 2)
        return [M[:2], np.degrees(theta) % 360, distance]

    def apply_affine(self, points, M):
        return (M[:, :2] @ points.T + M[:, 2:]).T
