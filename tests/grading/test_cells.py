"""Code cells: with IPython and without it they mean what they mean in Jupyter."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lessonlib.grading import cells


@pytest.fixture(params=["IPython", "without IPython"])
def python(request, monkeypatch):
    if request.param == "without IPython":
        monkeypatch.setattr(cells, "_ipython", lambda: None)
    else:
        pytest.importorskip("IPython")
    return cells.python


MAGICS = '''\
%matplotlib inline
import math
!pip install numpy
text = """
%not a magic
!nor this
"""
share = (7
    % 3)
name = "%d" \\
% share
if share:
    !ls \\
      -l
    %time timed = share
else:
    %pass_this
a = 7; b = {
  "k": 5
  % 3,
}  # ( a bracket in a comment
% gone
said = ('%s' % "(")
files = !ls
a, c = 1, 2
here = %pwd
math.floor?
?math
math.ceil??
value = %time 3 + 4
'''


class Shell:
    def __getattr__(self, name):
        return lambda *words: []


def run(text):
    space = {"get_ipython": Shell}
    exec(text, space)
    return space


def test_magics_go_and_what_they_hold_stays(python):
    text = python(MAGICS)
    assert text.count("\n") == MAGICS.count("\n")
    space = run(text)
    assert (space["share"], space["name"], space["b"]) == (1, "1", {"k": 2})
    assert space["text"] == "\n%not a magic\n!nor this\n"
    assert space["said"] == "("
    assert space["files"] == space["here"] == []
    assert (space["timed"], space["value"]) == (1, 7)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("%%time\nx = 1", {"x": 1}),
        ("\n\n%%time\nfrom __future__ import annotations\nx = 1", {"x": 1}),
        ("%%capture\n%%time\nx = 1", {"x": 1}),
        ("%%capture out\nx = 1", {"x": 1, "out": []}),
        ("%%capture --no-stderr out\nx = 1", {"x": 1, "out": []}),
        ("%%timeit\nx = 1", {}),
        ("%%bash\nx = 1", {}),
        ("%%writefile a.py\nclass A: pass", {}),
        ("%%some_extension\nx = 1", {}),
        ("  x = 7\\\n  % 4", {"x": 3}),
        ("\n\n  x = 1", {"x": 1}),
        ("x = 1 # what?", {"x": 1}),
        ("x = 'is it?'", {"x": "is it?"}),
        ("d = {}\nd['a'] = !ls", {"d": {"a": []}}),
        ("%time x = max(\n1, 2)", {"x": 2}),
        ("def f():\n    f?\n    return 1\nx = f()", {"x": 1}),
        ("x = 10 \\\n% 3 # rest", {"x": 1}),
        ("x = [\n  7\n  %\n  3]", {"x": [1]}),
        ("x = f'{7 % 3}'", {"x": "1"}),
        ("# %%time\nx = 1", {"x": 1}),
        ("x = 1  # %time y = 2", {"x": 1}),
    ],
)
def test_a_cell_leaves_these_names(python, cell, names):
    text = python(cell)
    assert text.count("\n") == cell.count("\n")
    space = run(text)
    found = {name: value for name, value in space.items() if name[:2] != "__"}
    found = {n: v for n, v in found.items() if n not in ("get_ipython", "annotations", "f")}
    assert found == names


def test_what_is_no_python_says_so_in_its_own_line(python):
    with pytest.raises(SyntaxError) as caught:
        ast.parse(python("%load_ext x\n!ls \\\n  -l\nx ="))
    assert caught.value.lineno == 4


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["x = 1", "y = (1,", "2)", "'''", '"a"', "# !", "", "  z = 2"])))
def test_a_cell_without_magics_is_left_alone(lines):
    text = "\n".join(lines)
    assert cells._statements(text, cells._without_time) == text
    assert cells._statements(text, cells._without_magic) == text


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab=%!?#'\"\\\n()[] ", max_size=60))
def test_lines_are_never_lost_without_ipython(text):
    plain = cells._statements(text, cells._without_time)
    assert cells._statements(plain, cells._without_magic).count("\n") == text.count("\n")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab=%!?#'\"\\\n()[] ", max_size=60))
def test_odd_text_is_never_too_much(text):
    assert isinstance(cells.python(text), str)
