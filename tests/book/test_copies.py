"""The plain copies of the pages: the same code, outputs and numbers, and nothing left of MyST.

The copies are those of the built book. A copy's Markdown is read with two parsers that are not the
one that wrote it: markdown-it, and mistune inside nbconvert.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from functools import cache
from html import unescape
from html.parser import HTMLParser
from types import SimpleNamespace

import nbformat
import pytest
from markdown_it import MarkdownIt

from tests.book.conftest import HTML, ROOT

COPIES = ROOT / "_build" / "copies"
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import copies  # noqa: E402
from copies import first_cell  # noqa: E402
from copies.inline import Inline  # noqa: E402
from copies.links import without_tex  # noqa: E402

pytestmark = pytest.mark.browser  # they need the built book
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
TEXTS = ["claims", "concepts", "glossary", "how-to-use", "instructor", "paths", "references"]
TEXTS += ["summary"]
PARSER = MarkdownIt("commonmark", {"html": True}).enable("table")
#: What JupyterLab's sanitizer lets through, of the elements that the copies use.
ELEMENTS = {"a", "br", "code", "details", "div", "em", "img", "small", "strong", "sub", "summary"}
ELEMENTS |= {"sup"}
ATTRIBUTES = {"class", "href", "id", "style", "title"}


@cache
def copy(name: str) -> nbformat.NotebookNode:
    path = COPIES / f"{name}.ipynb"
    if not path.exists():
        pytest.fail("the book is not built: run `make book` first (or `make test`, which does)")
    return nbformat.read(path, 4)


def texts(name: str) -> list[str]:
    return [cell.source for cell in copy(name).cells if cell.cell_type == "markdown"]


def words(markdown: str) -> str:
    """What a reader sees of Markdown, without code blocks, formulas and markup."""
    seen = []
    for token in PARSER.parse(markdown):
        for child in token.children or []:
            if child.type in ("text", "code_inline"):
                seen.append(child.content)
            elif child.type in ("softbreak", "html_inline"):
                seen.append(" " if child.type == "softbreak" or "<br" in child.content else "")
        if token.type == "html_block":
            seen.append(unescape(re.sub(r"<[^>]*>", "", token.content)))
        seen.append("\n" if token.block else "")
    return "".join(seen)


def without_math(text: str) -> str:
    return re.sub(r"\$\$.*?\$\$|(?<!\\)\$[^$]*?(?<!\\)\$", "", text, flags=re.DOTALL)


def test_every_page_of_the_book_has_one():
    assert sorted(p.stem for p in COPIES.glob("*.ipynb")) == sorted([*NOTEBOOKS, *TEXTS])
    assert sorted(p.name for p in (HTML / "copies").iterdir()) == sorted(
        p.name for p in COPIES.glob("*.ipynb")
    )


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_copy_has_the_code_and_the_outputs_of_its_original(name):
    stored = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    mine = [c for c in copy(name).cells if c.cell_type == "code"][1:]  # the first is the copy's own
    theirs = [c for c in stored.cells if c.cell_type == "code"]
    assert [c.source for c in mine] == [c.source for c in theirs]
    assert [c.outputs for c in mine] == [c.outputs for c in theirs]
    hidden = [c.metadata.get("jupyter", {}).get("source_hidden", False) for c in mine]
    asked = [bool({"hide-input", "remove-input"} & set(c.metadata.get("tags", []))) for c in theirs]
    assert hidden == asked
    assert all(set(c.metadata) <= {"jupyter"} for c in mine), "a label of the book"


@pytest.mark.parametrize("name", [*NOTEBOOKS, *TEXTS])
def test_nothing_is_left_that_only_a_book_reads(name):
    for text in texts(name):
        shown = words(without_math(text))
        raw = [
            r"\{[a-z][\w:+-]*\}`",  # a role
            r"^\s*(:{3,}|`{3,}|~{3,})",  # a directive or a fence that was not read as one
            r"^\([\w-]+\)=",  # a label
            r"^%\s",  # a comment
            r"\]\(",  # a link that was not read as one
            r"\{(glue|term|cite|doc|ref|numref|eq)\b",
            r"^:\w+:",  # an option
        ]
        for pattern in raw:
            assert not re.search(pattern, shown, re.MULTILINE), (pattern, text[:300])
        for token in PARSER.parse(text):
            if token.type == "fence":
                assert "{" not in token.info, token.info


@pytest.mark.parametrize("name", [*NOTEBOOKS, *TEXTS])
def test_html_is_what_jupyter_lets_through_and_well_nested(name):
    class Reader(HTMLParser):
        def handle_starttag(self, tag, attributes):
            assert tag in ELEMENTS, tag
            assert {key for key, _ in attributes} <= ATTRIBUTES, attributes
            if tag not in ("br", "img"):
                self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

    for text in texts(name):
        reader = Reader()
        reader.open = []
        for token in PARSER.parse(text):
            for part in [token, *(token.children or [])]:
                if part.type in ("html_block", "html_inline"):
                    reader.feed(part.content)
        assert reader.open == [], text[:200]


def lines_of_page(name: str) -> list[tuple[str, str]]:
    """Pairs (words before, key) of every number that a page's text takes from a cell."""
    found = []
    for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells:
        if cell.cell_type == "markdown":
            for match in re.finditer(r"\{glue:text\}`([^`]+)`", cell.source):
                block = re.split(r"\n\n|\n:.*\n|\n[-|] ", cell.source[: match.start()])[-1]
                found.append((re.sub(r"\s+", " ", block), match[1]))
    return found


def glued(name: str) -> dict[str, str]:
    """Every number that the cells of a page hand to its text."""
    values = {}
    for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells:
        for output in cell.get("outputs", []):
            record = output.get("metadata", {}).get("scrapbook", {})
            if record.get("mime_prefix") and "name" in record:
                shown = output["data"]["application/papermill.record/text/plain"]
                values[record["name"]] = str(ast.literal_eval(shown))
    return values


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_number_stands_in_its_sentence(name):
    values, page = glued(name), lines_of_page(name)
    shown = re.sub(r"\s+", " ", " ".join(words(text) for text in texts(name)))
    shown = shown.replace("’", "'").replace("“", '"').replace("”", '"')
    for before, key in page:
        # the last plain words before the number, whole
        tail = re.split(r"[`*$\]\[{}()_|\"'\\]|--", before)[-1][-30:]
        tail = re.sub(r"^\S*\s", "", tail) if len(tail) == 30 else tail
        value = values[key].replace("’", "'")
        assert f"{tail}{value}" in shown, (key, tail, value)


def test_the_pages_have_numbers_to_look_for():
    assert sum(len(lines_of_page(name)) for name in NOTEBOOKS) > 300


QUIZZES = {
    path.stem: path.read_text("utf-8") for path in (ROOT / "book" / "quizzes").glob("*.yaml")
}


def test_every_question_is_there_with_its_reasons_folded_away():
    import yaml

    everything = "\n\n".join(text for name in NOTEBOOKS for text in texts(name))
    bare = plain(everything)
    total = 0
    for source in QUIZZES.values():
        for question in yaml.safe_load(source):
            total += 1
            assert plain(question["question"]) in bare, question["question"]
            for answer in question["answers"]:
                assert plain(answer["feedback"]) in bare, answer["feedback"]
    assert everything.count("The answer, and why</summary>") == total > 50


def plain(text: str) -> str:
    """Letters and digits alone."""
    text = re.sub(r"\]\([^)]*\)|<[^>]*>|\{\w+\}|\\[a-z]+", "", text)
    return re.sub(r"[\W_]+", "", text).lower()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_figures_have_their_caption_and_their_words(name):
    stored = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    everything = plain("\n\n".join(texts(name)))
    for cell in stored.cells:
        described = cell.metadata.get("mystnb", {}) if cell.cell_type == "code" else {}
        if "image" in described:
            assert plain(described["image"]["alt"])[:80] in everything
    count = sum("figure" in c.metadata.get("mystnb", {}) for c in stored.cells)
    assert "\n".join(texts(name)).count("The figure in words</summary>") >= count


@cache
def places_of(name: str) -> set[str]:
    return set(re.findall(r'id="([^"]+)"', "\n".join(texts(name))))


@pytest.mark.parametrize("name", [*NOTEBOOKS, *TEXTS])
def test_links_lead_somewhere(name):
    for text in texts(name):
        for token in PARSER.parse(text):
            for child in token.children or []:
                if child.type != "link_open":
                    continue
                address = child.attrs["href"]
                if address.startswith(("https://", "http://")):
                    continue
                file, _, place = address.partition("#")
                target = file.removesuffix(".ipynb") or name
                places = places_of(target)
                assert target in [*NOTEBOOKS, *TEXTS], address
                assert not place or place in places, address


def test_answers_and_solutions_are_folded():
    folded = re.compile(r"<details[^>]*>.*?</details>", re.DOTALL)
    dropdown = re.compile(r":::\{dropdown\} [^\n]+\n+(\w[^\n{}`$*]{20,})")
    found = 0
    for name in NOTEBOOKS:
        boxes = [plain(box) for text in texts(name) for box in folded.findall(text)]
        for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4).cells:
            for said in dropdown.findall(cell.source if cell.cell_type == "markdown" else ""):
                found += 1
                assert any(plain(said)[:40] in box for box in boxes), (name, said)
    assert found > 30


# --- the first cell ---


def test_the_index_lists_the_pages_in_the_order_of_the_book():
    import yaml

    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    order = [c["file"].rsplit("/", 1)[1] for part in toc["parts"] for c in part["chapters"]]
    last = texts("index")[-1]
    assert re.findall(r"\]\(([\w-]+)\.ipynb\)", last) == [n for n in order if n != "index"]
    assert last.startswith("## ")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_copy_begins_with_what_it_is_and_needs(name):
    first = copy(name).cells[0]
    told = first.outputs[0].data["text/markdown"]
    assert copy(name).metadata["course"]["copy_of"] == f"notebooks/{name}"
    assert "Medical and Scientific Imaging, Measured" in told
    imports = first_cell.imported(nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4))
    assert all(f"`{first_cell.KNOWN_AS.get(i, i)}`" in told for i in imports)
    assert "lessonlib" in imports or name in ("benchmarks",)


def cell_for(code: str, address: str = "", **course: str) -> str:
    """The code of the first cell of a notebook with one cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    notebook.metadata["course"] = course
    origin = first_cell.Origin("The book", address, "c0ffee", "")
    return first_cell.code_cell(notebook, "A page", "notebooks/page", origin).source


def told_by(source: str, monkeypatch, capsys) -> str:
    """What the cell says, run in a namespace of its own, which it has to leave empty."""
    import IPython.display

    said = []
    monkeypatch.setattr(IPython.display, "display", lambda shown: said.append(shown.data))
    space: dict = {}
    exec(compile(source, "first cell", "exec"), space)
    assert set(space) <= {"__builtins__"}
    assert len(said) == 1
    return said[0]


def test_the_first_cell_says_that_all_is_here(monkeypatch, capsys):
    told = told_by(cell_for("import numpy"), monkeypatch, capsys)
    assert told.endswith("**Everything that it needs is here.**")
    assert "`repository.url`" in told


def test_the_first_cell_says_what_is_missing(monkeypatch, capsys):
    told = told_by(cell_for("import numpy, no_such_thing"), monkeypatch, capsys)
    assert "**Missing here: `no_such_thing`**, which the README" in told
    address = "https://github.com/owner/name"
    told = told_by(cell_for("from no_such_thing.a import b", address), monkeypatch, capsys)
    assert "git clone https://github.com/owner/name imaging-course" in told
    assert "checkout c0ffee" in told
    assert 'pip install -e "imaging-course[chapters]"' in told
    assert "numpy" not in told


def test_the_first_cell_asks_for_the_file_that_a_page_needs(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("COURSE_FILE", raising=False)
    source = cell_for("import numpy", needs="COURSE_FILE")
    assert "variable `COURSE_FILE` has to name" in told_by(source, monkeypatch, capsys)
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_FILE", str(tmp_path / "file"))
    assert told_by(source, monkeypatch, capsys).endswith("is here.**")


def test_on_colab_the_first_cell_installs_the_version_that_it_was_made_from(monkeypatch, capsys):
    import subprocess

    ran = []
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())

    def run(command, check):
        ran.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "path", list(sys.path))
    source = cell_for("import no_such_thing", "https://github.com/owner/name")
    told_by(source, monkeypatch, capsys)
    ran = [" ".join(command[1:]) for command in ran]
    fetch = "fetch --quiet --depth 1 https://github.com/owner/name c0ffee"
    assert f"-C /content/imaging-course {fetch}" in ran
    assert ran[-1] == "-m pip install --quiet -e /content/imaging-course[chapters]"
    assert sys.path[0] == "/content/imaging-course"


def test_where_that_fails_it_says_what_is_missing(monkeypatch, capsys):
    import subprocess

    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    ran = []

    def run(command, check):
        ran.append(command)
        if check:
            raise subprocess.CalledProcessError(128, command)
        return SimpleNamespace(returncode=128)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(sys, "path", list(sys.path))
    source = cell_for("import no_such_thing", "https://github.com/owner/name")
    assert "**Missing here: `no_such_thing`.**" in told_by(source, monkeypatch, capsys)
    assert "This failed: git init" in capsys.readouterr().out
    assert len(ran) == 1


def test_a_folder_of_that_name_is_no_package(monkeypatch, capsys, tmp_path):
    """A learner's folder `solutions` beside the notebook."""
    (tmp_path / "no_such_thing").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    told = told_by(cell_for("import no_such_thing"), monkeypatch, capsys)
    assert "**Missing here: `no_such_thing`**" in told


def test_a_copy_names_the_commit_that_it_was_made_from(tmp_path):
    import subprocess

    assert first_cell.version(tmp_path, "main") == "main"
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.c"]
    subprocess.run([*git, "init", "--quiet"], check=True)
    assert first_cell.version(tmp_path, "main") == "main"
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "x"], check=True)
    assert re.fullmatch(r"[0-9a-f]{40}", first_cell.version(tmp_path, "main"))


# --- words ---


@pytest.mark.parametrize(
    "said",
    [
        "a * b * c and 2*3*4",
        "snake_case and _leading and trailing_ and __both__",
        "[brackets](not a link) and [a][b]",
        "5 < 6 > 4 & 3 &amp; <b>no tag</b>",
        "back\\slash and `ticks`",
        "~~not struck~~ and !",
        "costs $5, or $6",
    ],
)
def test_plain_words_stay_plain(said):
    from docutils import nodes

    written = Inline(None)([nodes.Text(said)])
    assert words(written).strip() == said


def test_a_starter_without_an_address_is_found_in_the_learners_folder():
    """What `make lab` lays out lies beside the notebook, where a path of the repository is none."""
    from sphinx import addnodes

    links = SimpleNamespace(file=lambda target: (target, ""))
    node = addnodes.download_reference("", "the starter", reftarget="exercises/face_aligner.py")
    written = Inline(links)([node])
    said = "the starter (face_aligner.py, which make lab puts beside this notebook)"
    assert words(written).strip() == said
    links.file = lambda target: (target, f"https://somewhere/{target}")
    assert Inline(links)([node]) == "[the starter](https://somewhere/exercises/face_aligner.py)"


def test_formulas_in_tooltips_are_words():
    assert without_tex(r"\lambda") == "λ"
    assert without_tex(r"(1 - p_t)^\gamma") == "(1 - p_t)^γ"
    assert without_tex(r"-\log p_t") == "-log p_t"
    assert without_tex(r"\Delta x^{2}") == "Δ x^2"


# --- sliders ---


class Untrusted(HTMLParser):
    """What is left of an output in a notebook that is not trusted.

    JupyterLab's sanitizer takes away scripts, style sheets and drawings, and every attribute
    without a value.
    """

    def __init__(self):
        super().__init__()
        self.open: list[bool] = []  # whether each open element is hidden
        self.seen: list[str] = []

    def handle_starttag(self, tag, attributes):
        if tag not in ("input", "br"):
            self.open.append(bool(dict(attributes).get("hidden")) or tag in ("script", "style"))

    def handle_endtag(self, tag):
        if tag not in ("input", "br"):
            self.open.pop()

    def handle_data(self, data):
        if not any(self.open):
            self.seen.append(data)


def sliders() -> dict[str, str]:
    """The HTML of each slider of the course, with little in it."""
    import numpy as np

    from lessonlib.evaluation import OperatingPoint
    from lessonlib.figures.focal_slider import focal_slider
    from lessonlib.figures.stretch_slider import SliderPicture, stretch_slider
    from lessonlib.figures.threshold_slider import threshold_slider
    from lessonlib.imbalance import focal_curve

    grid = np.linspace(0, 1, 5)
    curves = focal_curve(grid, 2), focal_curve(grid, 0)
    said = {0.02: 0.1}
    focal = focal_slider(*curves, 0.25, (0.3, 0.1), said, gammas=[0, 2], alphas=[0.25, 0.5])
    points = [OperatingPoint(0.5, 0.75, 0.75, tp=3, fn=1, fp=1, tn=3)]
    picture = SliderPicture(np.eye(4, dtype=np.uint8), 0.0, 1.0, "four pixels")
    return {
        "focal": focal.data,
        "threshold": threshold_slider(points, [0.1], [5]).data,
        "stretch": stretch_slider({"sky": picture}, [1.0], [1.0]).data,
    }


@pytest.mark.parametrize("name", ["focal", "threshold", "stretch"])
def test_a_slider_brings_what_moves_it_and_says_so_where_that_is_taken_away(name):
    markup = sliders()[name]
    beside = ROOT / "lessonlib" / "figures" / "sliders"
    for kind in ("css", "js"):
        assert (beside / f"{name}-slider.{kind}").read_text("utf-8").strip() in markup
    assert not re.search(r"(src|href)=|https?:", markup), "something is loaded"
    reader = Untrusted()
    reader.feed(markup)
    assert reader.open == []
    seen = " ".join("".join(reader.seen).split())
    assert "where scripts run: in the book, and in a notebook once this cell has run" in seen
    assert len(seen) < 200, "parts of a slider that does not move"


# --- what is removed ---


def test_only_copies_whose_page_is_gone_are_removed(tmp_path):
    build = tmp_path / "_build"
    (build / "copies").mkdir(parents=True)
    (build / "html").mkdir()
    gone = {"metadata": {"course": {"copy_of": "notebooks/gone"}}}
    (build / "copies" / "gone.ipynb").write_text(json.dumps(gone))
    (build / "copies" / "kept.ipynb").write_text(json.dumps(gone))
    (build / "copies" / "my-gone.ipynb").write_text(json.dumps(gone))  # copied by a reader
    for stray in ("mine.ipynb", "mine.txt", "broken.ipynb", "list.ipynb"):
        (build / "copies" / stray).write_text("[]" if "list" in stray else "mine")
    docs = {"notebooks/kept", "book/api/index"}
    env = SimpleNamespace(
        found_docs=docs, get_domain=lambda _: SimpleNamespace(anonlabels={}), toc_fignumbers={}
    )
    config = SimpleNamespace(numfig_format={}, html_baseurl="", course_repository="")
    app = SimpleNamespace(
        env=env, config=config, builder=SimpleNamespace(format="html"), srcdir=str(tmp_path)
    )
    app.outdir = str(build / "html")
    copies.publish(app, None)
    left = {path.name for path in (build / "copies").iterdir()}
    strays = {"my-gone.ipynb", "mine.ipynb", "mine.txt", "broken.ipynb", "list.ipynb"}
    assert left == {"kept.ipynb", *strays}
    assert [p.name for p in (build / "html" / "copies").iterdir()] == ["kept.ipynb"]


# --- elsewhere ---


@pytest.mark.parametrize("name", ["evaluation", "exercise-face-aligner", "glossary"])
def test_nbconvert_makes_a_page_that_makes_sense_alone(name):
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter().from_notebook_node(copy(name))
    assert "{glue" not in page
    assert ":::" not in re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    assert page.count("<details") == page.count("</details>")
    assert page.count("<details") == "\n".join(texts(name)).count("<details")
    bodies = re.sub(r"<(script|style|pre|code).*?</\1>", "", page, flags=re.DOTALL)
    assert "**" not in re.sub(r"<[^>]*>", "", bodies)


def test_the_download_button_hands_out_the_copy():
    page = (HTML / "notebooks" / "evaluation.html").read_text("utf-8")
    assert re.findall(r'href="([^"]*evaluation\.ipynb)"', page) == ["../copies/evaluation.ipynb"]
