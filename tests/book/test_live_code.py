"""The code of live cells, without a browser: the same runner, the same zip of lessonlib.

Each page's cells run in a new process that has nothing but what Pyodide has: an import of anything
else fails there. What they print is compared with the stored notebooks.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys

import nbformat
import pytest

from tests.book.conftest import ROOT

sys.path.insert(0, str(ROOT / "book" / "_ext"))  # the extensions there are no package

import live_cells

PAGES = {"evaluation": 5, "imbalance": 3, "many-channels": 3}  # and how many live cells they have
EXERCISES = {
    "augmentation_validator": "AugmentationValidator",
    "imbalance_comparator": "ImbalanceComparator",
    "scientific_image_analyzer": "ScientificImageAnalyzer",
}
#: Told on standard input what to run; says on standard output what came of it.
INSIDE = """
import json, sys

ALLOWED = set(%(allowed)r) | (set(sys.stdlib_module_names) - {"resource", "ssl", "sqlite3"})

class OnlyWhatPyodideHas:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED and not name.startswith("_"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, OnlyWhatPyodideHas())
sys.path[:0] = [%(zip)r, %(runner)r]
import runner

session = runner.Session()
told = []
for job in json.load(sys.stdin):
    said = []
    answer = getattr(session, job["do"])(job["code"], job["name"], said.append)
    told.append(answer | {"text": "".join(said)})
import lessonlib
assert lessonlib.__file__.startswith(%(zip)r), lessonlib.__file__
json.dump(told, sys.stdout)
"""
#: Packages of `live_cells.IMPORTABLE`, and of what they need, by the names they are imported as.
ALLOWED = [
    *("lessonlib", "runner", "numpy", "scipy", "sklearn", "joblib", "threadpoolctl", "matplotlib"),
    *("mpl_toolkits", "PIL", "contourpy", "cycler", "dateutil", "six", "fontTools", "kiwisolver"),
    *(
        "packaging",
        "pyparsing",
        "cloudpickle",
        "loky",
        "narwhals",
    ),  # the last three: newer versions
]

#: SMOTE as a reader writes it in the page, where imbalanced-learn is not.
SMOTE = """
from sklearn.neighbors import NearestNeighbors


class SMOTE:
    def __init__(self, k_neighbors=5, random_state=None):
        self.k, self.rng = k_neighbors, np.random.default_rng(random_state)

    def fit_resample(self, X, y):
        few = X[y == 1]
        near = NearestNeighbors(n_neighbors=min(self.k, len(few) - 1) + 1).fit(few)
        chosen = self.rng.integers(len(few), size=(y == 0).sum() - len(few))
        others = near.kneighbors(few, return_distance=False)[chosen, 1:]
        partner = self.rng.permuted(others, axis=1)[:, 0]
        share = self.rng.random((len(chosen), 1))
        new = few[chosen] + share * (few[partner] - few[chosen])
        return np.vstack([X, new]), np.r_[y, np.ones(len(new), y.dtype)]
"""


def solution(name: str) -> str:
    """The worked solution, as it can be written in the page."""
    text = (ROOT / "solutions" / f"{name}.py").read_text("utf-8")
    return re.sub(r"^from imblearn.*\n", SMOTE, text, flags=re.MULTILINE)


def stored(page: str) -> list[tuple[str, str | None]]:
    """Code of each live cell of a page and what it printed; None where it drew."""
    found = []
    for cell in nbformat.read(ROOT / "notebooks" / f"{page}.ipynb", 4).cells:
        if "live" in cell.metadata.get("tags", ()):
            kinds = {output.output_type for output in cell.outputs}
            text = "".join(output.text for output in cell.outputs if "text" in output)
            found.append((cell.source, text if kinds == {"stream"} else None))
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run jobs in one session of a process like the reader's."""
    archive = tmp_path_factory.mktemp("live") / "lessonlib.zip"
    archive.write_bytes(live_cells.lessonlib_zip())
    inside = INSIDE % {
        "allowed": ALLOWED,
        "zip": str(archive),
        "runner": str(live_cells.SOURCE),
    }

    def run(*jobs):
        asked = [dict(zip(("do", "code", "name"), job, strict=True)) for job in jobs]
        ended = subprocess.run(
            [sys.executable, "-B", "-c", inside],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=archive.parent,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


@pytest.mark.parametrize("page", PAGES)
def test_live_cells_print_what_is_stored_with_what_pyodide_has(run, page):
    cells = stored(page)
    assert len(cells) == PAGES[page]
    told = run(*(("run", code, f"cell {i}") for i, (code, _) in enumerate(cells)))
    for (_, text), answer in zip(cells, told, strict=True):
        assert answer["error"] == ""
        if text is None:
            (figure,) = answer["figures"]
            assert base64.b64decode(figure["png"]).startswith(b"\x89PNG")
            assert "PPV" in figure["alt"]
        else:
            assert answer["text"] == text


@pytest.mark.parametrize("name", EXERCISES)
def test_exercises_are_checked_as_the_grader_does(run, name):
    starter = (ROOT / "exercises" / f"{name}.py").read_text("utf-8")
    jobs = [("check", code, EXERCISES[name]) for code in (starter, solution(name), "x = 1")]
    untouched, solved, absent = run(*jobs)
    assert not any(answer["error"] for answer in (untouched, solved))
    assert re.match(rf"{EXERCISES[name]}: 0 of (\d+) points", untouched["text"])
    got, most = re.search(r": (\d+) of (\d+) points", solved["text"]).groups()
    assert got == most, solved["text"]
    assert f"no class {EXERCISES[name]}" in absent["error"]


def test_what_goes_wrong_is_said_in_the_last_lines(run):
    broken, wrong, gone, kept = run(
        ("run", "x = (", "live cell 1"),
        ("run", "import json\ndef f():\n    return json.loads('{')\nprint(1)\nf()", "live cell 2"),
        ("run", "import torch", "live cell 3"),
        ("run", "print(json.__name__); f", "live cell 4"),
    )
    assert broken["error"].endswith("SyntaxError: '(' was never closed")
    lines = wrong["error"].splitlines()
    assert wrong["text"] == "1\n"
    assert "live cell 2" in lines[1]
    assert lines[2].strip() == "f()"
    assert lines[-1].startswith("json.decoder.JSONDecodeError")
    assert sum('File "' in line for line in lines) == 3  # two of the cell and the last one
    assert "runner" not in wrong["error"]
    assert "PyTorch" in gone["error"]
    assert kept["text"].startswith("json\n<function f")  # names outlive an error


def test_the_script_of_the_page_is_small_and_says_what_it_expects(tmp_path):
    settings = json.loads(live_cells.bundle(False).removeprefix("window.courseLive = ")[:-2])
    assert len(base64.b64decode(settings["lessonlib"])) < 300_000
    assert settings["local"] is None
    assert f"@{live_cells.VERSION}/" in settings["core"]
    assert all(re.fullmatch(r"sha256-.{43}=", value) for value in settings["integrity"].values())
    assert live_cells.lessonlib_zip() == live_cells.lessonlib_zip()
    lock = {
        "packages": {n: {"depends": [], "file_name": f"{n}.whl"} for n in live_cells.IMPORTABLE}
    }
    for name in live_cells.INTEGRITY:
        (tmp_path / name).write_text(json.dumps(lock), "utf-8")
    with pytest.raises(FileNotFoundError, match=r"matplotlib\.whl"):
        live_cells.copy_of(tmp_path)
    for name in live_cells.IMPORTABLE:
        (tmp_path / f"{name}.whl").touch()
    assert {f.name for f in live_cells.copy_of(tmp_path)} == {f.name for f in tmp_path.iterdir()}
