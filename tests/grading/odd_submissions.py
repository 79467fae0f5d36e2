"""Odd but right submissions, and odd wrong ones, with what they must earn wherever they run.

Each is a change of `BEST` or cells of a notebook around it: what learners write, and what other
graders trip over. `RIGHT` get full marks; `WRONG` lose the parts named.
"""

from __future__ import annotations

import json

from lessonlib.grading import compare
from lessonlib.grading.exercise import Criterion, Exercise, Mistake

BEST = """\
import numpy as np


class Target:
    def __init__(self, seed=42):
        self.seed = seed

    def square(self, x):
        return np.asarray(x) ** 2

    def label(self):
        return "blue"

    def count(self):
        return 3

    def table(self):
        return {"blue": 0.5, "red": 1.5}

    def labels(self):
        return ["b", "a", "b"]
"""


def _square(remote, rng):
    x = rng.normal(size=(3, 4))
    got = compare.as_array(remote.call("square", x).value, "square(x)", x.shape)
    compare.expect_same(got, x**2, "square(x)")


def _label(remote, rng):
    if remote.call("label").value != "blue":
        raise Mistake("label()", "another", "blue")


def _count(remote, rng):
    if compare.as_number(remote.call("count").value, "count()") != 3:
        raise Mistake("count()", "another", "3")


def _table(remote, rng):
    table = compare.as_mapping(remote.call("table").value, "table()", ("blue", "red"))
    if [compare.as_number(value, "table()") for value in table.values()] != [0.5, 1.5]:
        raise Mistake("table()", "others", "0.5 and 1.5")


def _labels(remote, rng):
    labels = compare.as_labels(remote.call("labels").value, "labels()", 3)
    if labels.tolist() != [1, 0, 1]:
        raise Mistake("labels()", "others", "two of one, one of another")


PARTS = {"square": _square, "label": _label, "count": _count, "table": _table, "labels": _labels}
EXERCISE = Exercise(
    "Target",
    "A target",
    "none",
    tuple(Criterion(name, name, 1.0, check) for name, check in PARTS.items()),
)


def _with(**bodies: str) -> str:
    """Return `BEST` with the bodies of methods replaced."""
    text = BEST
    for name, body in bodies.items():
        head = next(line for line in BEST.splitlines() if f"def {name}(" in line)
        start = text.index(head) + len(head) + 1
        end = text.index("\n", start) + 1
        lines = "".join(f"        {line}\n" for line in body.splitlines())
        text = text[:start] + lines + text[end:]
    return text


def _doing(body: str) -> str:
    """Return `BEST` that does something before it squares."""
    return _with(square=f"{body}\nreturn np.asarray(x) ** 2")


def _book(*cells: str | tuple[str, dict], form: int = 4) -> bytes:
    made = []
    for cell in cells:
        text, metadata = cell if isinstance(cell, tuple) else (cell, {})
        name = "source" if form == 4 else "input"
        made.append({"cell_type": "code", name: text, "metadata": metadata, "outputs": []})
    made.insert(1, {"cell_type": "markdown", "source": "# %%bash", "metadata": {}})
    made.insert(1, {"cell_type": "raw", "source": "class Target: 1/0", "metadata": {}})
    content = {"cells": made} if form == 4 else {"worksheets": [{"cells": made}]}
    return json.dumps({**content, "nbformat": form, "nbformat_minor": 0, "metadata": {}}).encode()


EXPECTED = {"tags": ["raises-exception"]}
ENUM = "import enum\n\n\nclass Name(str, enum.Enum):\n    BLUE, RED = 'blue', 'red'\n\n\n"
LIAR = """

class Text(str):
    def __str__(self): return "other"
    def __eq__(self, other): return False
    __hash__ = str.__hash__

class Whole(int):
    def __int__(self): return 7
    def __repr__(self): return "seven"
"""

RIGHT: dict[str, str | bytes] = {
    # Files and folders
    "makes_a_folder.py": _doing("import os; os.mkdir('out'); assert os.listdir('.') == ['out']"),
    "makes_it_in_every_call.py": _doing(
        "from pathlib import Path\nPath('a/b').mkdir(parents=True)"
    ),
    "logs_to_a_file.py": _doing(
        "import logging\nlogging.basicConfig(filename='run.log', level=10)\nlogging.info('hi')\n"
        "assert 'hi' in open('run.log').read()"
    ),
    "lists_its_folder.py": "import os\nassert os.listdir() == [] == list(os.scandir())\n" + BEST,
    "asks_for_the_user.py": _doing("import getpass; assert getpass.getuser()"),
    "saves_and_loads.py": _doing("np.save('own.npy', x)\nassert (np.load('own.npy') == x).all()"),
    "temporary_files.py": _doing(
        "import tempfile\nwith tempfile.TemporaryDirectory() as f: open(f + '/x', 'w').close()\n"
        "with tempfile.NamedTemporaryFile('w') as g:\n    g.write('x')\ntempfile.mkdtemp()"
    ),
    "knows_its_file.py": "from pathlib import Path\nHERE = Path(__file__).parent\n" + BEST,
    "writes_beside_itself.py": _doing(
        "from pathlib import Path\n(Path(__file__).parent / 'x.txt').write_text('x')"
    ),
    "home.py": _doing("from pathlib import Path\n(Path.home() / '.own').write_text('x')"),
    "saves_a_plot.py": "import matplotlib.pyplot as plt\n"
    + _doing("plt.imshow(x); plt.savefig('x.png'); plt.show(); plt.close('all')"),
    "copies_and_touches.py": _doing(
        "import shutil, os\nfrom pathlib import Path\n"
        "Path('a').write_text('x')\nPath('a').touch()\nshutil.copy2('a', 'b')\n"
        "os.chmod('b', 0o600)\nos.utime('b')"
    ),
    "zips.py": _doing(
        "import zipfile\nwith zipfile.ZipFile('a.zip', 'w') as z: z.writestr('x', 'y')\n"
        "zipfile.ZipFile('a.zip').extractall('out')"
    ),
    "database.py": _doing(
        "import sqlite3\nc = sqlite3.connect('own.db')\nc.execute('create table t (x)'); c.commit()"
    ),
    "writes_csv.py": _doing(
        "np.savetxt('a.csv', x, delimiter=',')\nnp.loadtxt('a.csv', delimiter=',')"
    ),
    "symbolic_link.py": _doing("import os\nopen('a', 'w').close(); os.symlink('a', 'b')"),
    "changes_directory.py": _doing("import os\nos.makedirs('a/b', exist_ok=True); os.chdir('a')"),
    # Processes and libraries
    "asyncio.py": _doing("import asyncio\nasync def f(): return 1\nassert asyncio.run(f()) == 1"),
    "torch.py": "import torch\n" + _with(square="return (torch.from_numpy(x) ** 2).numpy()"),
    "threads.py": _doing(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "with ThreadPoolExecutor(4) as pool: list(pool.map(abs, range(9)))"
    ),
    "environment.py": "import os\nos.environ['OMP_NUM_THREADS'] = '1'\n" + BEST,
    "warns.py": "import warnings\nwarnings.warn('old')\n" + BEST,
    "prints_much.py": _doing("for _ in range(3000): print('x' * 1000)"),
    "pickles_itself.py": _doing("import pickle; pickle.loads(pickle.dumps(self))"),
    "looks_at_its_source.py": _doing("import inspect; assert 'np' in inspect.getsource(Target)"),
    "data_class.py": "from __future__ import annotations\nfrom dataclasses import dataclass\n\n\n"
    "@dataclass\nclass Point:\n    x: float\n\n\n" + BEST,
    "main_part.py": BEST + "\nif __name__ == '__main__':\n    import not_there\n",
    "check_at_the_end.py": BEST
    + "\nfrom lessonlib.grading import check\nr = check(Target)\nprint(r.score, list(r))\n",
    # Kinds of answers
    "enum_label.py": ENUM + _with(label="return Name.BLUE"),
    "enum_keys.py": ENUM + _with(table="return {Name.BLUE: 0.5, Name.RED: 1.5}"),
    "numpy_texts.py": _with(
        label="return np.str_('blue')", table="return {np.str_('blue'): 0.5, np.str_('red'): 1.5}"
    ),
    "numpy_scalars.py": _with(
        count="return np.int8(3)", table="return {'blue': np.float32(0.5), 'red': np.float16(1.5)}"
    ),
    "long_double.py": _with(square="return x.astype(np.longdouble) ** 2").replace(
        "return 3", "return np.longdouble(3)"
    ),
    "array_of_one.py": _with(count="return np.array(3)"),
    "int_enum.py": "import enum\nN = enum.IntEnum('N', 'A B C')\n" + _with(count="return N.C"),
    "own_kinds.py": BEST
    + LIAR.join(("", "\n"))
    + "Target.label = lambda self: Text('blue')\nTarget.count = lambda self: Whole(3)\n",
    "ordered_dict.py": "from collections import OrderedDict, defaultdict\n"
    + _with(table="return OrderedDict(blue=0.5, red=1.5)"),
    "lists.py": _with(square="return [[float(v) ** 2 for v in row] for row in x]"),
    "tuples_of_rows.py": _with(square="return tuple(row ** 2 for row in x)"),
    "matrix.py": _with(square="return np.asmatrix(x ** 2)"),
    "masked.py": _with(square="return np.ma.masked_array(x ** 2)"),
    "fortran_and_big_endian.py": _with(square="return np.asfortranarray(x ** 2).astype('>f8')"),
    "strided.py": _with(square="return np.repeat(x ** 2, 2, axis=1)[:, ::2]"),
    "array_of_texts.py": _with(labels="return np.array(['b', 'a', 'b'])"),
    "numbers_for_labels.py": _with(labels="return np.array([7, -1, 7], np.int16)"),
    # Texts
    "byte_order_mark.py": b"\xef\xbb\xbf" + BEST.encode(),
    "latin.py": "# coding: latin-1\nNAME = 'é'\n".encode("latin-1") + BEST.encode(),
    "windows_lines.py": BEST.replace("\n", "\r\n").encode(),
    # Notebooks
    "uses_the_report.ipynb": _book(
        BEST,
        "from lessonlib.grading import check\nreport = check(Target)\nassert report.score == 0",
        "assert not report.passed and list(report) == [] and report._repr_html_()",
        "[part for part in report.result['criteria']], report.max_score, report.seed, str(report)",
    ),
    "future_in_the_second_cell.ipynb": _book("x = 1", "from __future__ import annotations", BEST),
    "help.ipynb": _book("import numpy as np", "np.percentile?", "?np.mean\nnp.mean??", BEST),
    "times.ipynb": _book("%time r = 1 + 1\nassert r == 2", "%%time\n" + BEST, "%timeit r"),
    "captures.ipynb": _book("%%capture out\nprint('x')", "assert out.stdout == 'x\\n'", BEST),
    "shell.ipynb": _book("files = !ls\nassert files == []", "!pip install x", BEST, "%cd ..\n%pwd"),
    "magic_given.ipynb": _book("x = %env\nassert x == []", "%load_ext autoreload", BEST),
    "awaits.ipynb": _book("import asyncio\nawait asyncio.sleep(0)", BEST),
    "raises_as_told.ipynb": _book(BEST, ("1 / 0", EXPECTED)),
    "fails_in_a_scratch_cell.ipynb": _book("undefined_name", BEST, "1 / 0", "x ="),
    "exits.ipynb": _book(BEST, "import sys; sys.exit()", "exit()"),
    "other_languages.ipynb": _book("%%bash\nrm -rf ~", "%%html\n<b>", BEST),
    "continuation.ipynb": _book(BEST, "text = ('%s %s'\n% (1, 2))\nassert text == '1 2'"),
    "plots.ipynb": _book("%matplotlib inline\nimport matplotlib.pyplot as plt", BEST, "plt.show()"),
    "is_main.ipynb": _book(f"if __name__ == '__main__':\n    ready = True\n{BEST}assert ready"),
    "format_3.ipynb": _book(BEST, form=3),
    "shows.ipynb": _book(
        BEST, "display(Target())\nTarget()", "get_ipython().run_line_magic('x', '')"
    ),
}
WRONG: dict[str, tuple[str | bytes, str, set[str]]] = {
    "own_data.py": (_doing("np.load('data.npy')"), "graded", {"square"}),
    "set_for_a_list.py": (_with(labels="return {'a', 'b'}"), "graded", {"labels"}),
    "complex.py": (_with(count="return 3 + 0j"), "graded", {"count"}),
    "generator.py": (_with(labels="return (c for c in 'bab')"), "graded", {"labels"}),
    "exits_in_a_call.py": (_with(count="raise SystemExit"), "graded", {"count"}),
    "recursion.py": (_with(count="return self.count()"), "graded", {"count"}),
    "another_program.py": (
        _doing("import subprocess; subprocess.run(['/usr/bin/true'])"), "graded", {"square"}
    ),
    "network.py": (
        _doing("import urllib.request as r; r.urlopen('http://127.0.0.1:9/')"), "graded", {"square"}
    ),
    "writes_elsewhere.py": (_doing("open('/tmp/of_a_submission', 'w')"), "graded", {"square"}),
    "reads_elsewhere.py": (_doing("open('/etc/passwd').read()"), "graded", {"square"}),
    "too_large_a_file.py": (
        _doing("open('big', 'wb').write(bytes(60_000_000))"), "graded", {"square"}
    ),
    "too_many_numbers.py": (_with(square="return np.zeros(5_000_000, bool)"), "graded", {"square"}),
    "exits_at_the_end.py": (BEST + "\nraise SystemExit\n", "error", {*PARTS}),
    "syntax.py": (BEST + "\nx =\n", "error", {*PARTS}),
    "no_class.ipynb": (_book("1 / 0\n" + BEST), "error", {*PARTS}),
    "no_base.ipynb": (_book(BEST.replace("Target:", "Target(Gone):")), "error", {*PARTS}),
    "imports_ours.py": ("import solutions\n" + BEST, "forbidden", {*PARTS}),
}  # fmt: skip


def all_cases() -> dict[str, tuple[bytes, str, set[str]]]:
    """Return content, status and the parts that fail, by name."""
    cases = {name: (text, "graded", set()) for name, text in RIGHT.items()} | WRONG
    return {
        name: (text if isinstance(text, bytes) else text.encode(), status, fails)
        for name, (text, status, fails) in cases.items()
    }
