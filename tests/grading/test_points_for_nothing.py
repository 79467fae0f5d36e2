"""A class in which nothing is right scores nothing, whatever it returns, prints or claims."""

from __future__ import annotations

import contextlib
import copy
import functools
import zlib

import numpy as np
import pytest
import submission_cases as cases

from lessonlib.grading.exercise import LocalRemote, Mistake, SubmissionError


class AlwaysEqual:
    """Agrees with everything it is compared with, and turns into any kind of number."""

    def __eq__(self, other):
        return True

    __hash__ = object.__hash__
    __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __eq__

    def __bool__(self):
        return True

    def __float__(self):
        return 1.0

    def __int__(self):
        return 1

    def __len__(self):
        return 1

    def __getitem__(self, key):
        return self

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __array__(self, dtype=None, copy=None):
        return np.ones((8, 8))


def each_number(change):
    """Return a function that changes every number of a right answer and keeps its form."""

    def through(answer):
        if isinstance(answer, dict):
            return {key: through(value) for key, value in answer.items()}
        if isinstance(answer, tuple | list):
            return type(answer)(through(value) for value in answer)
        if isinstance(answer, np.ndarray):
            return np.asarray(change(answer.astype(float)))
        if isinstance(answer, bool):
            return bool(change(np.float64(answer)))
        if isinstance(answer, int | float):
            return float(change(np.float64(answer)))
        return answer

    return through


def random_like(values):
    values = np.asarray(values)
    return np.random.default_rng(zlib.crc32(values.tobytes())).normal(size=values.shape)


# What a class answers: from the right answer (a function), the arguments, and an old answer.
ANSWERS = {
    "nothing": lambda right, args, stale: None,
    "zero": lambda right, args, stale: 0.0,
    "true": lambda right, args, stale: True,
    "words": lambda right, args, stale: "all tests passed",
    "empty_dict": lambda right, args, stale: {},
    "its_argument": lambda right, args, stale: args[0] if args else None,
    "all_its_arguments": lambda right, args, stale: list(args),
    "equal_to_everything": lambda right, args, stale: AlwaysEqual(),
    "zeros_in_the_right_form": lambda right, args, stale: each_number(lambda x: 0 * x)(right()),
    "ones_in_the_right_form": lambda right, args, stale: each_number(lambda x: 0 * x + 1)(right()),
    "halves_in_the_right_form": lambda right, args, stale: each_number(lambda x: 0 * x + 0.5)(
        right()
    ),
    "nans": lambda right, args, stale: each_number(lambda x: x * np.nan)(right()),
    "infinities": lambda right, args, stale: each_number(lambda x: x + np.inf)(right()),
    "chance_in_the_right_form": lambda right, args, stale: each_number(random_like)(right()),
    "the_contrary": lambda right, args, stale: each_number(
        lambda x: -x - 7 if np.ndim(x) else 1 - x
    )(right()),
    "copied_from_a_neighbour": lambda right, args, stale: stale,
}


def stub(stem: str, answer) -> type:
    """Make a class of the solution's methods, each of which returns what `answer` says."""
    model = cases.load(stem, cases.solution(stem))
    stale = remembered(stem)

    class Stub:
        def __init__(self, *args, **kwargs):
            self._init = args, kwargs
            with contextlib.suppress(AttributeError):
                mine = model(*args, **kwargs)
                for name in ("embeddings", "labels"):
                    right = functools.partial(getattr, mine, name)
                    right()
                    setattr(self, name, answer(right, (), stale.get(name)))

    def method(name):
        def call(self, *args, **kwargs):
            def right():
                made, init = copy.deepcopy(self._init)
                with contextlib.suppress(ValueError):
                    return getattr(model(*made, **init), name)(*copy.deepcopy(args), **kwargs)

            return answer(right, args, stale.get(name))

        return call

    for name, value in vars(model).items():
        if callable(value) and not name.startswith("_"):
            setattr(Stub, name, method(name))
    return Stub


def remembered(stem: str) -> dict:
    """What the solution answers to questions of its own: constants, right once."""
    mine = cases.load(stem, cases.solution(stem))()
    rng = np.random.default_rng(5)
    image, labels, scores = rng.random((64, 64)), np.arange(40) % 2, rng.random(40)
    calls = {
        "augmentation_validator": {
            "generate": (),
            "augment": (image,),
            "check_anatomical_consistency": (image, image),
            "signal_preservation": (image, image),
            "validate": (),
            "run": (),
        },
        "imbalance_comparator": {
            "generate": (),
            "fit_predict": (rng.random((40, 3)), labels, rng.random((40, 3))),
            "evaluate": (labels, scores),
            "compare": (),
            "operating_point": (labels, scores),
            "run": (),
        },
        "scientific_image_analyzer": {
            "generate": (),
            **dict.fromkeys(
                (
                    "per_channel_normalize",
                    "percentile_clip",
                    "compute_ndvi",
                    "channel_statistics",
                    "ndvi_statistics",
                    "channel_correlation",
                ),
                (rng.random((8, 9, 9)),),
            ),
            "run": (),
        },
        "embedding_similarity_analyzer": {
            "cosine_matrix": (),
            "analyze": (),
            "evaluate_thresholds": (np.array([0.5, 0.0, 0.9, 0.25]),),
        },
        "face_aligner": {
            "compute_alignment": ((100.0, 120.0), (140.0, 150.0)),
            "apply_affine": (np.array([[1.0, 2.0]]), np.eye(2, 3)),
        },
        "expression_analyzer": {
            "generate_confusion": (),
            "metrics": (np.eye(7, dtype=int) + 3,),
            "most_confused": (np.arange(49).reshape(7, 7),),
        },
    }[stem]
    with contextlib.redirect_stdout(None):
        answers = {name: getattr(mine, name)(*args) for name, args in calls.items()}
    return answers | {name: getattr(mine, name, None) for name in ("embeddings", "labels")}


def unanswered(stem: str, body: str) -> type:
    """Make a class with another idea of what a method is."""
    name = cases.exercise(stem).name
    return cases.load(stem, f"class {name}:\n{body}")


OTHERS = {
    "empty": "    pass",
    "any_name_answers": "    def __init__(self, *a, **k): pass\n"
    "    def __getattr__(self, name): return lambda *a, **k: 1.0",
    "any_name_raises": "    def __init__(self, *a, **k): pass\n"
    "    def __getattr__(self, name): raise NotImplementedError(name)",
    "no_object_is_made": "    def __init__(self, *a, **k): raise ValueError('no')",
    "it_answers_with_itself": "    def __init__(self, *a, **k): pass\n"
    "    def __getattr__(self, name):\n"
    "        if name.startswith('_'): raise AttributeError(name)\n"
    "        return lambda *a, **k: self",
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("kind", [*ANSWERS, *OTHERS])
@pytest.mark.parametrize("stem", cases.STEMS)
def test_nothing_right_earns_nothing(stem, kind):
    made = stub(stem, ANSWERS[kind]) if kind in ANSWERS else unanswered(stem, OTHERS[kind])
    for criterion in cases.exercise(stem).criteria:
        with pytest.raises((Mistake, SubmissionError)):
            criterion.check(LocalRemote(made), np.random.default_rng([3, len(kind)]))


CLAIMS = {
    "augmentation_validator": """
    def validate(self, image=None):
        names = ("rotation", "horizontal_flip", "elastic", "brightness", "noise")
        level = {"elastic": 0.4}
        return {
            n: {"consistent": n != "horizontal_flip", "correlation": level.get(n, 0.9)}
            for n in names
        }

    def run(self):
        table = self.validate()
        print(*table.items(), sep="\\n")
        return table
""",
    "imbalance_comparator": """
    def run(self):
        rows = {"default": (0.2, 0.99), "balanced": (0.7, 0.8), "smote": (0.7, 0.8)}
        keys = ("sensitivity", "specificity", "auc", "f1", "threshold")
        keys += ("specificity_at_sensitivity",)
        table = {n: dict(zip(keys, (a, b, 0.8, 0.4, 0.2, 0.6))) for n, (a, b) in rows.items()}
        for name, row in table.items():
            print(name, *row.values())
        return table

    def compare(self):
        return {n: dict(list(r.items())[:4]) for n, r in self.run().items()}
""",
    "scientific_image_analyzer": """
    def run(self):
        ndvi = {"mean": 0.8, "std": 0.1, "vegetation_fraction": 1.0}
        print(ndvi, [[0.0] * 4] * 8, 0.0)
        return {"before": [[0.0] * 4] * 8, "after": [[0.0, 1.0, -1.0, 1.0]] * 8, "ndvi": ndvi,
                "correlation_change": {"zscore": 0.0, "clip": 0.01}}
""",
}


@pytest.mark.parametrize("stem", CLAIMS)
def test_an_outcome_that_is_only_claimed_earns_nothing(stem):
    name = cases.exercise(stem).name
    made = cases.load(stem, f"class {name}:\n    def __init__(self, *a, **k): pass\n{CLAIMS[stem]}")
    messages = cases.grade(stem, made)
    expected = {"verify"} if stem == "augmentation_validator" else set(messages)
    assert expected <= {part for part, message in messages.items() if message}
    assert all(messages.values())


def test_the_same_classes_pass_where_they_return_the_right_answers():
    """So it is for what they return that the others fail, and not for their form."""
    for stem in ("augmentation_validator", "scientific_image_analyzer", "expression_analyzer"):
        messages = cases.grade(stem, stub(stem, lambda right, args, stale: right()))
        assert messages == dict.fromkeys(messages)


def test_a_report_of_an_empty_scene_shows_nothing():
    """Where no channel varies every statistic is easily right, and nothing is reported."""
    run = cases.solution("scientific_image_analyzer").split("    def run")[1]
    made = cases.load(
        "scientific_image_analyzer",
        "import numpy as np\n\n\nclass ScientificImageAnalyzer:\n"
        "    def __init__(self, size=128, seed=42): self.size = size\n"
        "    def generate(self): return np.zeros((8, self.size, self.size))\n"
        "    def per_channel_normalize(self, image): return image\n"
        "    percentile_clip = per_channel_normalize\n"
        "    def channel_statistics(self, image): return np.zeros((8, 4))\n"
        "    def channel_correlation(self, image): return np.eye(8)\n"
        "    def ndvi_statistics(self, image):\n"
        "        return dict.fromkeys(('mean', 'std', 'vegetation_fraction'), 0.0)\n"
        f"    def run{run}",
    )
    messages = cases.grade("scientific_image_analyzer", made)
    assert all(messages.values())
    assert "channels" in messages["verify"]
