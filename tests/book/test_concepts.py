"""The table of concepts, the paths and the stated times: faults are planted and found."""

from __future__ import annotations

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from tests.book import conftest  # puts book/_tools on the path

import concept_graph  # isort: skip
import concept_table  # isort: skip
import course_pages  # isort: skip
import learning_paths  # isort: skip

SECONDS = conftest.ROOT / "benchmarks" / "results" / "notebooks.json"


@pytest.fixture(scope="module")
def course():
    """The table, the pages in order, and the terms of the glossary."""
    return concept_table.read(), course_pages.load(), concept_table.glossary()


def mutated(table, name, **changes):
    return {**table, name: replace(table[name], **changes)}


def rewritten(pages, name, old, new):
    """The pages, with a text put in place of another on one of them."""
    text = pages[name].text
    assert text.count(old) >= 1
    return {**pages, name: replace(pages[name], text=text.replace(old, new, 1))}


def test_table_and_pages_agree(course):
    assert concept_table.faults(*course) == []


def test_overviews_are_in_step_with_the_table(course):
    concepts, pages, _ = course
    stale = [
        page.name
        for page in pages.values()
        if concept_table.boxed(page, concept_table.box(concepts, pages, page.name)) != page.text
    ]
    assert stale == [], f"run {concept_table.MEND}"


def test_box_names_what_earlier_chapters_introduced(course):
    concepts, pages, _ = course
    box = concept_table.box(concepts, pages, "evaluation")
    assert "(imbalance.ipynb): {term}`discrimination`, {term}`calibration`" in box
    assert "PPV" not in box, "its own concept"
    assert concept_table.box(concepts, pages, "faces") == "", "the first chapter needs nothing"
    fewer = mutated(concepts, "brier score", needs=())
    assert "discrimination" not in concept_table.box(fewer, pages, "evaluation")


def test_box_replaces_the_one_before_it(course):
    page = course[1]["evaluation"]
    twice = replace(page, text=concept_table.boxed(page, "NEW\n\n"))
    assert concept_table.MADE not in twice.text
    assert twice.text.count("NEW") == 1
    assert twice.text.index("**You need**") < twice.text.index("NEW")
    assert concept_table.boxed(twice, "").count("NEW") == 1, "only what is marked is taken out"


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("auc", {"chapter": "evaluation"}, "transfer-learning: uses 'AUC', which evaluation"),
        ("backbone", {"chapter": "many-channels"}, "explainability: uses 'backbone', which many"),
        ("auc", {"chapter": "evaluations"}, "no chapter is called 'evaluations'"),
        ("auc", {"needs": ("roc curve",)}, "AUC: needs 'roc curve', which evaluation introduces"),
        ("gain", {"needs": ("overscan",)}, "gain: needs itself, by way of overscan"),
        ("shot noise", {"needs": ("shot noise",)}, "shot noise: needs itself"),
        ("gain", {"needs": ("photon",)}, "gain: needs 'photon', no concept"),
        ("gain", {"chapter": "governance"}, "gain: governance does not link it to the glossary"),
    ],
)
def test_faults_of_the_table_are_found(course, name, changes, said):
    concepts, pages, terms = course
    found = concept_table.faults(mutated(concepts, name, **changes), pages, terms)
    assert any(said in fault for fault in found), found


def test_cycle_through_three_concepts_is_found(course):
    concepts, pages, terms = course
    ring = ("iou", "watershed", "dice score")
    for name, need in zip(ring, ring[1:] + ring[:1], strict=True):
        concepts = mutated(concepts, name, needs=(need,))
    found = concept_table.faults(concepts, pages, terms)
    assert len([f for f in found if "needs itself" in f]) == 3, found


def test_table_and_glossary_name_the_same(course):
    concepts, pages, terms = course
    fewer = {k: c for k, c in concepts.items() if k != "overscan"}
    assert concept_table.faults(fewer, pages, terms) == [
        "glossary: 'overscan' has no row in concepts.csv"
    ]
    assert concept_table.faults(concepts, pages, terms - {"overscan"}) == [
        "overscan: the glossary has no such term"
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("A {term}`hook`, or {term}`hooks <hook>`.", True),
        ("Its Brier score, and more of it.", True),
        ("Its Brier\nscore.", True),
        ("Its [Brier score](evaluation.ipynb).", False),
        ("Its Brier score, to which [evaluation](evaluation.ipynb) comes.", False),
        ("Its Brier score, to which {doc}`/notebooks/evaluation` comes.", False),
        ("Its Brier score, to which [imbalance](imbalance.ipynb) comes.", True),
        ("Its AUCs and the unhooked.", False),
        ("Off the hook, a window, some drift.", False),
        ("```{code-cell} ipython3\n# the Brier score\n```", False),
    ],
)
def test_use_before_introduction_is_found(course, words, found):
    """A link to the glossary always counts, plain words only where they can't be everyday ones."""
    concepts, pages, terms = course
    early = rewritten(pages, "augmentation", "## Does a flip hurt?", f"{words}\n\n## Does it?")
    assert bool(concept_table.faults(concepts, early, terms)) is found


def test_the_same_name_twice_is_refused(tmp_path):
    table = tmp_path / "concepts.csv"
    table.write_text("concept,chapter,needs\ngain,microscopy,\nGain,astronomy,\n", "utf-8")
    with pytest.raises(ValueError, match="rows of the same name: gain"):
        concept_table.read(table)


def test_every_path_has_what_its_chapters_need(course):
    assert learning_paths.faults(course[0], learning_paths.pages(), learning_paths.read()) == []


def test_faults_of_a_path_are_found(course):
    concepts, pages = course[0], learning_paths.pages()
    path = learning_paths.read()["clinician"]
    place = [s.page for s in path].index("evaluation")

    def said(steps):
        return " ".join(learning_paths.faults(concepts, pages, {"clinician": steps}))

    def with_step(**changes):
        return [*path[:place], replace(path[place], **changes), *path[place + 1 :]]

    assert "evaluation should look up" in said(path[1:]), "AUC and more, with the first page gone"
    assert "evaluation should look up" in said(with_step(look_up=path[place].look_up[1:]))
    assert "evaluation should look up" in said(with_step(look_up=(*path[place].look_up, "hook")))
    assert "no page is called 'evaluations'" in said(with_step(page="evaluations"))
    assert "evaluation has 5 outcomes, not 6" in said(with_step(outcome=6))
    assert "not in the order" in said([*path[1:], path[0]])


def test_what_is_looked_up_brings_what_it_needs(course):
    """A path with one page: the closure of its needs, by brute force over all chains."""
    concepts, pages = course[0], learning_paths.pages()
    step = learning_paths.Step("", "evaluation", 1)
    [lacking] = learning_paths.missing(concepts, pages, [step])

    def chain(name):
        own = [] if concepts[name].chapter == "evaluation" else [name]
        return own + [n for need in concepts[name].needs if own for n in chain(need)]

    direct = concept_table.prerequisites(concepts, pages, "evaluation").values()
    expected = {n for names in direct for name in names for n in chain(name.lower())}
    assert {name.lower() for name in lacking} == expected
    assert len(expected) > 5


def test_graph_has_a_chapter_a_line_and_an_arc_a_need(course):
    concepts, pages, _ = course
    taught = {c.chapter for c in concepts.values()}
    pages = {n: p for n, p in pages.items() if n in taught}
    drawn = ElementTree.fromstring(concept_graph.svg(concepts, pages))
    space = "{http://www.w3.org/2000/svg}"
    needed = [concept_table.prerequisites(concepts, pages, n) for n in pages]
    assert len(drawn.findall(f".//{space}path")) == sum(map(len, needed))
    assert len(drawn.findall(f".//{space}circle")) == len(pages)
    said = drawn.find(f"{space}desc").text
    assert "Astronomy on Why different, Augmentation, Microscopy" in said
    labels = [t.text for t in drawn.findall(f".//{space}text")]
    assert sum(int(label.split("(")[1].rstrip(")")) for label in labels) == len(concepts)


@pytest.mark.parametrize("page", course_pages.load().values(), ids=lambda page: page.name)
def test_stated_times_are_plausible(page):
    """Reading within a third (or five minutes) of what the page holds, running as measured."""
    assert page.read_minutes == pytest.approx(page.estimate, rel=0.34, abs=5)
    measured = json.loads(SECONDS.read_text("utf-8")).get(page.name, {}).get("seconds")
    if measured and page.run_seconds is not None:
        assert measured / 2 <= page.run_seconds <= 4 * measured + 15, f"{measured} s measured"


@pytest.mark.parametrize(
    ("said", "minutes", "seconds", "solve"),
    [
        ("45 minutes to read, half a minute to run.", 45, 30, ""),
        ("50 minutes to read, about a minute to run.", 50, 60, ""),
        ("20 minutes to leaf through,\n20 seconds to run.", 20, 20, ""),
        ("an hour or two to solve, 20 minutes to read what follows, 15 seconds to run.", 20, 15,
         "an hour or two"),
    ],
)  # fmt: skip
def test_times_are_read_as_stated(said, minutes, seconds, solve):
    text = f"# Title\n\n:::{{admonition}} Overview\n**Time**: {said}\n\n**You need**: \n:::\n"
    page = course_pages.Page("page", text, "notebooks/page")
    assert (page.read_minutes, page.run_seconds, page.solve) == (minutes, seconds, solve)


def test_page_states_the_speed_that_is_assumed():
    paths = (conftest.ROOT / "book" / "paths.md").read_text("utf-8")
    assert f"{course_pages.WORDS_A_MINUTE} words a minute" in paths


def test_overview_and_prose_are_told_apart(course):
    page = course[1]["evaluation"]
    assert page.title == "Evaluation"
    assert len(page.outcomes) == 5
    assert page.outcomes[-1] == "compare two models on the same cases"
    assert "import numpy" not in page.body
    assert concept_table.MADE not in page.body
