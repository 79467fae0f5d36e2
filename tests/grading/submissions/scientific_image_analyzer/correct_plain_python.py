# Lists and the standard library; percentiles by sorting, nearest rank.
import math
import random
import statistics


class ScientificImageAnalyzer:
    def __init__(self, size=128, seed=42):
        self.size, self.seed = size, seed

    def generate(self):
        rnd = random.Random(self.seed)
        ranges = [(0, 255)] * 3 + [(500, 3000)] * 2 + [(250, 320)] + [(-25, 5)] * 2
        return [
            [[rnd.uniform(lo, hi) for _ in range(self.size)] for _ in range(self.size)]
            for lo, hi in ranges
        ]

    @staticmethod
    def flat(channel):
        return [float(v) for row in channel for v in row]

    def each(self, image, function):
        out = []
        for channel in image:
            f = function(self.flat(channel))
            out.append([[f(float(v)) for v in row] for row in channel])
        return out

    def per_channel_normalize(self, image):
        def fit(values):
            if max(values) == min(values):
                return lambda v: 0.0
            m, s = statistics.fmean(values), statistics.pstdev(values)
            return lambda v: (v - m) / s

        return self.each(image, fit)

    def percentile_clip(self, image, low_pct=2, high_pct=98):
        def fit(values):
            ordered = sorted(values)
            n = len(ordered)
            lo = ordered[max(0, math.ceil(low_pct / 100 * n) - 1)]
            hi = ordered[max(0, math.ceil(high_pct / 100 * n) - 1)]
            if hi == lo:
                return lambda v: 0
            return lambda v: (min(max(v, lo), hi) - lo) / (hi - lo)

        return self.each(image, fit)

    def compute_ndvi(self, image):
        return [
            [(float(n) - float(r)) / (float(n) + float(r) + 1e-8) for r, n in zip(red, nir)]
            for red, nir in zip(image[0], image[3])
        ]

    def channel_statistics(self, image):
        table = []
        for channel in image:
            v = self.flat(channel)
            table.append((statistics.fmean(v), statistics.pstdev(v), min(v), max(v)))
        return table

    def ndvi_statistics(self, image):
        v = self.flat(self.compute_ndvi(image))
        return {
            "mean": sum(v) / len(v),
            "std": statistics.pstdev(v),
            "vegetation_fraction": sum(x > 0.3 for x in v) / len(v),
        }

    def channel_correlation(self, image):
        channels = [self.flat(c) for c in image]
        result = []
        for a in channels:
            row = []
            for b in channels:
                constant = min(a) == max(a) or min(b) == max(b)
                row.append(0.0 if constant else statistics.correlation(a, b))
            result.append(row)
        return result

    def run(self):
        image = self.generate()
        z, c = self.per_channel_normalize(image), self.percentile_clip(image)

        def change(other):
            a, b = self.channel_correlation(image), self.channel_correlation(other)
            return max(abs(x - y) for p, q in zip(a, b) for x, y in zip(p, q))

        answer = {
            "before": self.channel_statistics(image),
            "after": self.channel_statistics(z),
            "ndvi": self.ndvi_statistics(image),
            "correlation_change": {"zscore": change(z), "clip": change(c)},
        }
        for k in range(8):
            print(k, *(f"{v:,.1f}" for v in answer["before"][k]), end=" -> ")
            print(*(f"{v:,.1f}" for v in answer["after"][k]))
        print(
            f"NDVI {answer['ndvi']['mean']:.2f}", f"clip {answer['correlation_change']['clip']:.1e}"
        )
        return answer
