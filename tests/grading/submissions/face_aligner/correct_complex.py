# One complex number for rotation and scale; lists out.
import cmath
import math


class FaceAligner:
    def __init__(self, target_eye_dist=70, target_center=(112, 112)):
        self.d, self.c = target_eye_dist, complex(*target_center)

    def compute_alignment(self, left_eye, right_eye):
        left, right = complex(*left_eye), complex(*right_eye)
        step = right - left
        if not step:
            raise ValueError("two different eyes, please")
        a = self.d / step
        b = self.c - a * (left + right) / 2
        M = [[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]]
        return M, math.degrees(cmath.phase(step)), abs(step)

    def apply_affine(self, points, M):
        return [
            [M[0][0] * x + M[0][1] * y + M[0][2], M[1][0] * x + M[1][1] * y + M[1][2]]
            for x, y in points
        ]
