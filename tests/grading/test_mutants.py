"""No new mutant of a worked solution gets full marks, and each old one says why it may.

The files are in `lessonlib/grading/checks/survivors/`; ``python tests/grading/mutants.py NAME``
lists what has no reason yet.
"""

from __future__ import annotations

import mutants
import pytest
import submission_cases as cases

from lessonlib.grading.mutation import figure


@pytest.mark.parametrize("stem", cases.STEMS)
def test_every_survivor_has_a_reason(stem):
    count, found = mutants.survivors(stem)
    told, kinds = mutants.explained(stem)
    assert sorted(found) == sorted(kinds), "see tests/grading/mutants.py"
    assert told == count
    assert set(kinds.values()) <= {"equivalent", "free", "within chance"}


def test_mutants_change_one_thing_each_and_a_wrong_one_is_told():
    body = '        """Part a: x."""\n        return x[1:] + 2\n'
    source = f"class FaceAligner:\n    def f(self, x):\n{body}"
    found = {name: (part, text) for name, part, text in mutants.mutants(source)}
    assert set(found) == {
        "f: return{{ x[1:] + 2 -> }}",
        "f: return x[1:] {{+ -> -}} 2",
        "f: return x{{[1:] -> }} + 2",
        "f: return x[1:] + {{2 -> 3}}",
        "f: return x[1:] + {{2 -> 1}}",
        "f: return x[{{1 -> }}:] + 2",
        "f: return x[{{1 -> 2}}:] + 2",
        "f: return x[{{1 -> 0}}:] + 2",
    }
    assert all(part == "a" for part, _ in found.values())
    assert len({text for _, text in found.values()}) == len(found)
    right = cases.solution("face_aligner")
    assert mutants.survives("face_aligner", "", right)
    assert not mutants.survives("face_aligner", "", right.replace("self.target_eye_dist /", "70 /"))


def test_the_figure_that_the_book_shows_is_the_sum_of_the_files():
    told = [mutants.explained(stem) for stem in cases.STEMS]
    counts = figure()
    assert counts["mutants"] == sum(count for count, _ in told)
    assert counts["survivors"] == sum(len(kinds) for _, kinds in told)
    assert counts["free"] == sum(list(kinds.values()).count("free") for _, kinds in told)
