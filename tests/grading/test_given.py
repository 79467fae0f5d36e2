"""Parts that are replaced: in this process, and in a confined one, and not to be told apart."""

from __future__ import annotations

import numpy as np
import pytest
import submission_cases as cases

from lessonlib.grading import ways
from lessonlib.grading.checks import EXERCISES
from lessonlib.grading.checks._given import part
from lessonlib.grading.exercise import LocalRemote, Mistake
from lessonlib.grading.remote import ConfinedRemote
from lessonlib.grading.sandbox import Limits

SOURCE = """
import functools
import numpy as np


class FaceAligner:
    count = 0

    def __init__(self, at_once=False):
        self.first = self.scale(1) if at_once else None
        self.cached = functools.lru_cache(self.scale)
        self.shadow = lambda x: -x
        FaceAligner.count += 1

    def scale(self, x, by=2):
        "Twice."
        return x * by

    @staticmethod
    def fixed(x):
        return x

    @classmethod
    def made(cls, x):
        return x

    def shadow(self, x):
        return x

    def compute_alignment(self, x):
        return [self.scale(x), FaceAligner.scale(self, x, by=5), self.scale(x=x),
                FaceAligner.fixed(x), self.fixed(x + 1), type(self).made(x), self.cached(x),
                self.shadow(x), self.first]

    def apply_affine(self, x):
        return [self.scale.__name__, self.scale.__doc__, type(self.scale).__name__,
                type(vars(type(self))["fixed"]).__name__, self.count]
"""
X = part(("x",), 100.0, 200.0, 300.0)
GIVEN = {
    "scale": part(("x", "by"), 10.0, 20.0, 30.0),
    "fixed": X,
    "made": X,
    "shadow": X,
}


def confined():
    if ways.unavailable("sandlock") and ways.unavailable("bubblewrap"):
        pytest.skip("nothing confines here")
    return ways.launch("", Limits(seconds=60))


@pytest.fixture(params=["here", "confined"])
def remote(request):
    if request.param == "here":
        yield LocalRemote(cases.load("face_aligner", SOURCE))
        return
    launcher = confined()
    with ConfinedRemote(lambda: launcher, SOURCE.encode(), ".py") as child:
        child.run("FaceAligner")
        yield child
    launcher.close()


def test_every_way_to_call_a_part_gets_what_is_given(remote):
    reply = remote.call("compute_alignment", 4.0, init={"at_once": True}, given=GIVEN)
    # scale(1) was the first question, scale(4) the second, scale(4, by=5) the third.
    assert reply.value == [20.0, 30.0, 20.0, 100.0, 200.0, 100.0, 20.0, 100.0, 10.0]
    assert reply.calls == {
        "scale": [(1, None), (4.0, None), (4.0, 5)],
        "fixed": [(4.0,), (5.0,)],
        "made": [(4.0,)],
        "shadow": [(4.0,)],
    }
    # And nothing of it is left behind.
    assert remote.call("compute_alignment", 4.0).value == [8, 20, 8, 4, 5, 4, 8, -4, None]


def test_a_replaced_part_looks_like_the_one_it_stands_for(remote):
    plain, given = (remote.call("apply_affine", 1, given=g).value for g in (None, GIVEN))
    assert plain[:-1] == given[:-1] == ["scale", "Twice.", "method", "staticmethod"]


def test_arguments_that_are_no_plain_data_and_missing_methods_do_no_harm():
    source = """
class FaceAligner:
    def compute_alignment(self):
        return [self.other(range(3), object()), self.other(iter(()), key=1)]
"""
    remote = LocalRemote(cases.load("face_aligner", source))
    reply = remote.call("compute_alignment", given={"other": part(("a", "b"), 1, 2)})
    assert reply.value == [1, 2]
    assert np.array_equal(reply.calls["other"][0][0], [0, 1, 2])
    with pytest.raises(Exception, match="no attribute 'other'"):
        remote.call("compute_alignment")


REMEMBERED = """
import numpy as np
_drawn = {}


def default_rng(seed):
    key = str(seed)
    if key not in _drawn:
        _drawn[key] = int(np.random.SeedSequence().entropy % 2**32)
    return np.random.default_rng(_drawn[key])
"""


@pytest.mark.parametrize(
    ("name", "part_id"),
    [
        ("AugmentationValidator", "a"),
        ("AugmentationValidator", "c"),
        ("ImbalanceComparator", "a"),
        ("ScientificImageAnalyzer", "a"),
        ("EmbeddingSimilarityAnalyzer", "embeddings"),
        ("ExpressionAnalyzer", "generate_confusion"),
    ],
)
def test_unseeded_draws_that_are_remembered_for_each_seed_are_told_in_a_fresh_process(
    name, part_id
):
    launcher = confined()
    stem = next(stem for stem in cases.STEMS if cases.exercise(stem).name == name)
    source = cases.solution(stem).replace("np.random.default_rng(", "default_rng(")
    source = REMEMBERED + source.split("import numpy as np\n", 1)[1]
    criterion = next(c for c in EXERCISES[name].criteria if c.id == part_id)
    with ConfinedRemote(lambda: launcher, source.encode(), ".py") as child:
        child.run(name)
        with pytest.raises(Mistake, match="two objects with the same seed"):
            criterion.check(child, np.random.default_rng(0))
    launcher.close()


@pytest.mark.parametrize("stem", cases.STEMS)
def test_solutions_get_full_marks_when_confined(stem):
    launcher = confined()
    with ConfinedRemote(lambda: launcher, cases.solution(stem).encode(), ".py") as child:
        child.run(cases.exercise(stem).name)
        for position, criterion in enumerate(cases.exercise(stem).criteria):
            criterion.check(child, np.random.default_rng([1, position]))
    launcher.close()


def test_a_reply_whose_calls_have_another_form_is_refused():
    launcher = confined()
    lie = """
class FaceAligner:
    def compute_alignment(self):
        import sys
        frame = sys._getframe()
        while "parts" not in frame.f_locals:
            frame = frame.f_back
        frame.f_locals["parts"]["scale"].calls.append("no tuple")
"""
    with ConfinedRemote(lambda: launcher, lie.encode(), ".py") as child:
        child.run("FaceAligner")
        with pytest.raises(Exception, match="something other than an answer"):
            child.call("compute_alignment", given={"scale": part(("x", "by"), 1)})
    launcher.close()
