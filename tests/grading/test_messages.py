"""What a beginner reads, word for word: each common mistake says what it is and where."""

from __future__ import annotations

import json
import signal
import sys

import numpy as np
import pytest

from lessonlib.grading import asked, checks, cluster, forked, learner, messages, ways
from lessonlib.grading.compare import as_array, as_mapping, as_number, expect_same
from lessonlib.grading.discover import Submission
from lessonlib.grading.exercise import Criterion, Exercise
from lessonlib.grading.sandbox import Limits

SOLUTION = """\
import numpy as np
class LesionRuler:
    def __init__(self, spacing=0.5):
        self.spacing = spacing
    def measure(self, mask, unit):
        return float(mask.sum()) * self.spacing ** 2
    def grow(self, mask):
        return mask + 1.0
"""


def measure(remote, rng):
    mask = rng.integers(0, 2, (12, 16))
    got = remote.call("measure", mask, "mm", init={"spacing": 0.5}).value
    expect_same(as_number(got, "measure(mask, 'mm')"), mask.sum() / 4, "measure(mask, 'mm')")


def grow(remote, rng):
    mask = rng.normal(size=(3, 5))
    got = as_array(remote.call("grow", mask).value, "grow(mask)", mask.shape)
    expect_same(got, mask + 1, "grow(mask)")


@pytest.fixture(autouse=True)
def exercise(monkeypatch):
    parts = (Criterion("a", "measures", 1.0, measure), Criterion("b", "grows", 1.0, grow))
    made = Exercise("LesionRuler", "A ruler", "none", parts)
    monkeypatch.setattr(checks, "EXERCISES", {"LesionRuler": made})


def of_file(text, seconds=20.0, suffix=".py"):
    """Grade a file; return its result."""
    plan = cluster.Plan(1, Limits(seconds), way="none")
    return cluster.task(Submission(f"mine{suffix}", text.encode()), plan)["result"]


def of_class(text, seconds=20.0, wall=0.0):
    """Check a class of this process; return the result."""
    space = {"__name__": "mine"}
    exec(text, space)
    report = learner.grade.Report("LesionRuler", checks.EXERCISES["LesionRuler"])
    forked.judge(report, space["LesionRuler"], 1, Limits(seconds, wall=wall))
    return report.outcome(0.0).result


def notebook(*cells):
    made = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in cells]
    return json.dumps({"cells": made, "nbformat": 4, "metadata": {}})


CALLED = "called: LesionRuler(spacing=0.5).measure(array (12, 16), 'mm')"
both = pytest.mark.parametrize("judged", [of_file, of_class])


def said(result, part=0):
    return result["criteria"][part]["message"]


def test_the_solution_passes():
    for judged in (of_file, of_class):
        assert judged(SOLUTION)["score"] == 2.0


@both
def test_an_exception_names_the_call_with_its_arguments_and_the_line(judged):
    wrong = SOLUTION.replace("return float(mask.sum())", "return mask.totl()")
    result = judged(wrong)
    lines = said(result).split("\n")
    assert lines[0] == CALLED
    assert lines[1].startswith("raised: AttributeError: 'numpy.ndarray' object has no attribute")
    if judged is of_file:  # `exec` leaves no source to show
        assert lines[1].endswith("(line 6: `return mask.totl() * self.spacing ** 2`)")
    assert result["criteria"][1]["passed"]


def test_an_exception_deep_in_a_library_shows_the_learners_own_line():
    wrong = SOLUTION.replace("return mask + 1.0", "return np.reshape(mask, (7, 7))")
    lines = said(of_file(wrong), 1).split("\n")
    assert lines[0] == "called: LesionRuler().grow(array (3, 5))"
    assert "cannot reshape array of size 15" in lines[1]
    assert "(line 8: `return np.reshape(mask, (7, 7))`)" in lines[1]


def test_in_a_notebook_the_cell_is_named():
    wrong = SOLUTION.replace("return mask + 1.0", "return 1 / 0").removeprefix(
        "import numpy as np\n"
    )
    text = notebook("import numpy as np", wrong)
    result = of_file(text, suffix=".ipynb")
    assert "ZeroDivisionError: division by zero (cell 2, line 7: `return 1 / 0`)" in said(result, 1)


@both
@pytest.mark.parametrize("written", ["mesure", "measures", "Measure", "meas_ure"])
def test_a_method_of_nearly_the_name_is_asked_back(judged, written):
    message = said(judged(SOLUTION.replace("def measure", f"def {written}")))
    assert (
        f"LesionRuler has no method `measure`, but `{written}`: did you mean `measure`?" in message
    )
    assert message.startswith(CALLED)


@both
def test_a_method_that_is_missing_says_which_there_are(judged):
    text = SOLUTION.replace("def measure", "def area")
    assert "LesionRuler has no method `measure`; it has area, grow" in said(judged(text))
    text = "class LesionRuler:\n    pass\n"
    assert "LesionRuler has no method `grow`, and none at all" in said(judged(text), 1)


def test_an_attribute_that_is_missing_says_which_there_are():
    class Scan:
        def __init__(self):
            self.embedings = [1]

    with pytest.raises(AttributeError, match="no attribute `embeddings`, but `embedings`: did you"):
        asked.attribute(Scan(), "embeddings")
    with pytest.raises(AttributeError, match="no attribute `labels`; it has embedings"):
        asked.attribute(Scan(), "labels")


def test_an_attribute_error_of_a_method_that_is_there_stays():
    class Scan:
        @property
        def generate(self):
            return self.nothing

    with pytest.raises(AttributeError, match="'Scan' object has no attribute 'nothing'"):
        asked.method(Scan(), "generate")


@pytest.mark.parametrize("written", ["LesionRular", "lesion_ruler", "Lesionruler", "LesionRulerr"])
def test_a_class_of_nearly_the_name_is_asked_back(written):
    result = of_file(SOLUTION.replace("class LesionRuler", f"class {written}"))
    assert result["status"] == "error"
    assert result["message"] == (
        f"the file defines none of the classes asked for, but `class {written}`: "
        "did you mean `class LesionRuler`?"
    )
    book = of_file(notebook(f"class {written}(object):\n    pass"), suffix=".ipynb")
    assert f"`class {written}`: did you mean `class LesionRuler`?" in book["message"]


def test_a_file_without_a_class_says_what_it_has():
    assert "it has no class at all, and they are LesionRuler" in of_file("x = 1")["message"]
    message = of_file("class A: pass\nclass B(A): pass")["message"]
    assert "it has A, B, and they are LesionRuler" in message
    assert messages.misnamed(["Ruler"], ["LesionRuler"], "LesionRuler").startswith(
        "the file defines no `class LesionRuler`"
    )


@both
@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ("def measure(mask, unit)", "def measure(self, mask, unit)"),
        ("def measure(mask, unit='mm')", "def measure(self, mask, unit)"),
        ("def measure()", "def measure(self)"),
        ("def __init__(spacing=0.5)", "def __init__(self, spacing)"),
    ],
)
def test_a_missing_self_is_named(judged, wrong, line):
    right = (
        "def __init__(self, spacing=0.5)" if "init" in wrong else "def measure(self, mask, unit)"
    )
    message = said(judged(SOLUTION.replace(right, wrong)))
    name = line[4:].partition("(")[0]
    assert f"hint: `{name}` lacks `self`, which Python passes first: write `{line}`" in message
    assert "raised: " in message


@both
def test_no_self_is_missed_where_none_is_missing(judged):
    for right in ("self", "this", "me"):
        wrong = SOLUTION.replace("def grow(self, mask)", f"def grow({right}, mask)")
        wrong = wrong.replace("return mask + 1.0", "return 1 / 0")
        assert "lacks `self`" not in said(judged(wrong), 1)
    decorated = SOLUTION.replace("    def grow", "    @one\n    def grow").replace("+ 1.0", "/ 'x'")
    decorator = (
        "def one(f):\n    def call(it, mask):\n        return f(it, mask)\n    return call\n"
    )
    assert "lacks `self`" not in said(judged(decorator + decorated), 1)
    static = SOLUTION.replace("    def grow(self, ", "    @staticmethod\n    def grow(")
    assert judged(static)["score"] == 2.0


@both
def test_self_that_is_no_parameter_is_named(judged):
    wrong = SOLUTION.replace("    def grow(self, ", "    @staticmethod\n    def grow(")
    message = said(judged(wrong.replace("mask + 1.0", "self.spacing")), 1)
    assert "hint: `self` is the first parameter of every method" in message


@both
@pytest.mark.parametrize(
    "loop",
    [
        "while True: pass",
        "import itertools; sum(itertools.count())",
        "exec('while True:\\n try: [0] * 9\\n except BaseException: pass')",
    ],
)
def test_an_endless_loop_ends_and_the_call_that_ran_is_named(judged, loop):
    result = judged(SOLUTION.replace("return float(mask.sum()) * self.spacing ** 2", loop), 1.0)
    lines = said(result).split("\n")
    assert lines[0] == CALLED
    assert lines[1].startswith("ended: stopped after ")
    assert lines[1].endswith(" s of processor time without an answer; the limit of time is 1 s")
    assert lines[2].startswith("hint: does a loop in it never end? Look at each `while`")
    assert result["status"] == "timeout"
    assert result["criteria"][1]["passed"]


def test_a_class_that_only_waits_ends_at_the_limit_of_waiting():
    wrong = SOLUTION.replace("return mask + 1.0", "__import__('time').sleep(10**6)")
    result = of_class(wrong, 2.0, wall=2.0)
    assert result["status"] == "timeout"
    assert "the limit of waiting is 2 s" in said(result, 1)
    assert result["criteria"][0]["passed"]


def test_a_loop_outside_of_the_class_is_told_apart():
    result = of_file(SOLUTION + "while True: pass\n", 1.0)
    assert result["status"] == "timeout"
    lines = result["message"].split("\n")
    assert lines[0].startswith("ended: stopped after ")
    assert lines[1] == "in: the file itself, before any part was called"
    assert lines[2].startswith("hint: does a loop outside of the class never end")


@pytest.mark.parametrize("handler", [signal.default_int_handler, signal.SIG_IGN])
def test_without_forks_a_loop_of_pythons_own_ends_too(handler, monkeypatch, request):
    before = signal.signal(signal.SIGINT, handler)  # a shell's background job ignores it
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    monkeypatch.setattr(ways, "FORKS", False)
    wrong = SOLUTION.replace(
        "        return float(", "        while True: pass\n        return float("
    )
    result = of_class(wrong, 1.0)
    assert said(result).startswith(f"{CALLED}\nended: stopped after ")
    assert [part["passed"] for part in result["criteria"]] == [False, True]
    assert of_class(SOLUTION)["score"] == 2.0


def test_a_check_that_ends_the_process_costs_one_part():
    wrong = SOLUTION.replace("return mask + 1.0", "__import__('os')._exit(3)")
    result = of_class(wrong)
    assert result["status"] == "crashed"
    assert "ended itself with status 3" in said(result, 1)
    assert result["criteria"][0]["passed"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "class LesionRuler:\n    def measure(self:\n        pass\n",
            "line 2: `def measure(self:`",
        ),
        ("class LesionRuler:\n  x = (1,\n", "line 2: `x = (1,`"),
        ("class LesionRuler\n    pass\n", "line 1: `class LesionRuler`"),
        ("class LesionRuler:\ndef measure(self): pass\n", "line 2: `def measure(self): pass`"),
    ],
)
def test_a_syntax_error_shows_the_line_and_hints_at_no_part(text, line, tmp_path):
    from rich.console import Console

    from lessonlib.grading import terminal

    result = of_file(text)
    assert result["status"] == "error"
    assert result["message"].endswith(f"({line})")
    assert "Error: " in result["message"]
    assert "\n" not in result["message"]
    console = Console(record=True, width=200, file=open(tmp_path / "out", "w"))  # noqa: SIM115
    terminal.show(console, learner.Verdict(result, 1))
    shown = console.export_text()
    assert line in shown
    assert "hint" not in shown


def test_a_syntax_error_in_a_notebook_names_the_cell():
    result = of_file(notebook("x = 1", "class LesionRuler:\n    def grow(self"), suffix=".ipynb")
    assert "SyntaxError: '(' was never closed (cell 2, line 2: `def grow(self`)" in (
        result["message"] or said(result)
    )


@both
@pytest.mark.parametrize(
    "body", ["raise NotImplementedError", "return NotImplemented", "return ..."]
)
def test_what_is_not_written_yet_is_called_so(judged, body):
    message = said(judged(SOLUTION.replace("return mask + 1.0", body)), 1)
    assert message.startswith("not written yet: ")
    text = 'raise NotImplementedError("part b: one added to every pixel")'
    message = said(judged(SOLUTION.replace("return mask + 1.0", text)), 1)
    assert message.startswith("not written yet: one added to every pixel")


@both
def test_a_body_of_nothing_asks_for_its_return(judged):
    message = said(judged(SOLUTION.replace("return mask + 1.0", "pass")), 1)
    assert message.split("\n") == [
        "called: grow(mask)",
        "returned: None",
        "expected: an array of numbers of shape (3, 5)",
        "hint: Does the method end without a `return`?",
    ]


@both
@pytest.mark.parametrize(
    ("answer", "came"),
    [
        ("'12'", "'12' (str)"),
        ("[1.5, 2.5]", "[1.5, 2.5] (list)"),
        ("mask * 1.0", "array of shape (12, 16), float64, from 0 to 1"),
        ("{'area': 2.0}", "{'area': 2.0} (dict)"),
        ("'x' * 5000", "… (str)"),
    ],
)
def test_a_wrong_type_says_what_came_and_what_was_expected(judged, answer, came):
    wrong = SOLUTION.replace("return float(mask.sum()) * self.spacing ** 2", f"return {answer}")
    lines = said(judged(wrong)).split("\n")
    assert lines[0] == "called: measure(mask, 'mm')"
    assert lines[1].startswith("returned: ")
    assert lines[1].endswith(came)
    assert len(lines[1]) < 200
    assert lines[2] == "expected: a number"


@both
def test_odd_exceptions_are_told_too(judged):
    odd = (
        "error = ValueError('a\\nb\\x1b[31m'); error.__notes__ = 5; raise error",
        "error = ValueError('a'); error.add_note('a note'); raise error",
        "raise ValueError('x' * 100_000)",
        "raise type('\\u202eOdd', (Exception,), {})('\\ud800')",
    )
    for line in odd:
        message = said(judged(SOLUTION.replace("return mask + 1.0", line)), 1)
        assert message.startswith("called: LesionRuler().grow(array (3, 5))\nraised: ")
        assert not {"\x1b", "\u202e", "\ud800"} & set(message)
        assert len(message) < 4100


@both
def test_what_is_no_data_says_its_type(judged):
    message = said(judged(SOLUTION.replace("return mask + 1.0", "return {1, 2}")), 1)
    assert "an object of type set is no plain data" in message
    assert "list(...) a list of sets" in message


@both
def test_a_wrong_shape_says_both(judged):
    message = said(judged(SOLUTION.replace("return mask + 1.0", "return mask.T + 1.0")), 1)
    assert "returned: shape (5, 3)\nexpected: shape (3, 5)" in message
    assert "The axes are swapped" in message


def test_a_wrong_key_says_which_is_missing():
    from lessonlib.grading.exercise import Mistake

    with pytest.raises(Mistake, match=r"missing: std; not asked: sd"):
        as_mapping({"mean": 1, "sd": 2}, "f()", ("mean", "std"))


def test_memory_and_recursion_say_where_to_look():
    wrong = SOLUTION.replace("return mask + 1.0", "return self.grow(mask)")
    assert "hint: does a function call itself without an end" in said(of_file(wrong), 1)
    eats = SOLUTION.replace("return mask + 1.0", "return np.ones(10**11)")
    for judged in (of_file, of_class):
        message = said(judged(eats), 1)
        assert message.startswith("called: LesionRuler().grow(array (3, 5))")
        assert "hint: is an array larger than it should be" in message


def test_calls_are_written_in_brief():
    long = messages.written("A", "f", ([1] * 50, "x" * 500, np.zeros((2, 3))), {"seed": 3})
    assert long.startswith("A(seed=3).f(list of 50, 'xxx")
    assert len(long) < 250
    assert messages.written("A", "", (), {"n": 2}) == "A(n=2)"
    assert messages.written("A", "g", (), None, {"y": 1}) == "A().g(), with y set"


IN_NOTEBOOK = f"""
import sys, time
sys.path.insert(0, {str(learner.Path(__file__).parent)!r})
from lessonlib.grading import check, learner
from lessonlib.grading.sandbox import Limits
learner.Limits = lambda: Limits(2.0)
import numpy as np
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the notebook's kernel is forked on Linux")
def test_in_a_kernel_a_loop_ends_and_the_cell_is_named():
    import nbclient
    import nbformat

    cells = (
        IN_NOTEBOOK,
        "class FaceAligner:\n"
        "    def compute_alignment(self, left, right):\n"
        "        while True: pass\n"
        "    def apply_affine(self, points, M):\n"
        "        return 1 / 0",
        "print(check(FaceAligner, seed=1))",
        "print('the kernel lives')",
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    checked = "".join(out["text"] for out in book.cells[2].outputs if "text" in out)
    assert "called: FaceAligner(" in checked
    assert "compute_alignment(" in checked
    assert "stopped after" in checked
    assert "ZeroDivisionError: division by zero (cell [2], line 5: `return 1 / 0`)" in checked
    assert book.cells[3].outputs[0]["text"] == "the kernel lives\n"
