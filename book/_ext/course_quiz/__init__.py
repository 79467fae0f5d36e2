"""Quizzes: one file of questions, book/quizzes/NAME.yaml, and the directive that places it.

    :::{quiz} NAME
    A line of introduction.
    :::

The directive writes the questions, their answers and the reasons as plain HTML, which is what print
and a browser without JavaScript show. JupyterQuiz, from its installed package, then makes them
answerable; quiz.js beside this file gives it what it lacks. Nothing of it is stored in a notebook.

The files keep to JupyterQuiz's own format, so that JupyterLab can show one as well:

    display_quiz(yaml.safe_load(open("../book/quizzes/NAME.yaml")))

What is added, and ignored there: `expression`, from which a test computes a numeric answer, `unit`,
and for numeric answers `answer`, the words that stand for it on paper. Text is Markdown with $TeX$.
"""

from __future__ import annotations

from importlib.metadata import files
from pathlib import Path

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx.util.fileutil import copy_asset

HERE = Path(__file__).parent
QUIZZES = HERE.parents[1] / "quizzes"
LIBRARY = ("helpers.js", "multiple_choice.js", "numeric.js")  # in the order in which they load
#: Of the package: its scripts, less the one that would load a second MathJax from elsewhere.
SHIPPED = (*LIBRARY, "LICENSE")


class Part(nodes.General, nodes.Element):
    """An HTML element with attributes of its own; its children are ordinary nodes."""


def visit_part(translator, node: Part) -> None:
    translator.body.append(translator.starttag(node, node["tag"], "\n", **node["attributes"]))


def depart_part(translator, node: Part) -> None:
    translator.body.append(f"</{node['tag']}>\n")


def part(tag: str, *children: nodes.Node, css: str = "", **attributes: str) -> Part:
    return Part("", *children, tag=tag, attributes=attributes, classes=css.split())


class Quiz(SphinxDirective):
    """Place the quiz of a file, below a line of introduction."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        path = QUIZZES / f"{name}.yaml"
        if not path.is_file():
            raise self.error(f"there is no quiz {path.name} in book/quizzes")
        self.env.note_dependency(str(path))
        questions = yaml.safe_load(path.read_text("utf-8"))
        introduction = part("div", *self.parsed("\n".join(self.content)), css="quiz-introduction")
        numbered = [
            self.question(question, f"Question {k} of {len(questions)}")
            for k, question in enumerate(questions, start=1)
        ]
        return [part("div", introduction, *numbered, css="quiz")]

    def parsed(self, text: str) -> list[nodes.Node]:
        """The nodes of a piece of Markdown."""
        box = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines(), self.arguments[0]), 0, box)
        return box.children

    def question(self, question: dict, number: str) -> Part:
        """One question as it stands on paper: text, choices, and the reasons folded away."""
        numeric = question["type"] == "numeric"
        unit = question.get("unit", "")
        text = part("div", *self.parsed(question["question"]), css="quiz-text")
        choices, reasons = part("ol", css="quiz-choices", type="A"), part("ul", css="quiz-reasons")
        for k, answer in enumerate(question["answers"]):
            right = answer.get("correct", False)
            if not numeric:
                choices += part("li", *self.parsed(answer["answer"]))
            verdict = "Right." if right else "No."
            label = answer.get("answer", "Anything else") if numeric else "ABCDEFGH"[k]
            reasons += part(
                "li",
                part("div", *self.parsed(f"{label}")[0].children, css="quiz-label"),
                part(
                    "div", *self.parsed(f"**{verdict}** {answer['feedback']}"), css="quiz-feedback"
                ),
                css="right" if right else "wrong",
                **{"data-range": " ".join(map(str, answer["range"])) if "range" in answer else ""},
            )
        summary = part("summary", nodes.Text("The answer, and why"))
        return part(
            "div",
            part("p", nodes.Text(number), css="quiz-number"),
            text,
            *([] if numeric else [choices]),
            part("details", summary, reasons, css="quiz-answer"),
            css="quiz-question",
            **{"data-type": question["type"], "data-unit": unit},
        )


def library() -> dict[str, Path]:
    """The files of the installed JupyterQuiz that the book ships, by name."""
    found = {f.name: Path(str(f.locate())) for f in files("jupyterquiz") or () if f.name in SHIPPED}
    if missing := set(SHIPPED) - set(found):
        raise ExtensionError(f"the installed jupyterquiz has no {', '.join(sorted(missing))}")
    return found


def copy_scripts(app) -> None:
    if app.builder.format != "html":
        return
    target = Path(app.outdir, "_static", "quiz")
    target.mkdir(parents=True, exist_ok=True)
    for source in (*library().values(), HERE / "quiz.js", HERE / "quiz.css"):
        copy_asset(str(source), str(target))


def add_scripts(app, pagename, templatename, context, doctree) -> None:
    """Load the scripts on the pages that have a quiz, and on no other."""
    if doctree is None or not any("quiz" in p["classes"] for p in doctree.findall(Part)):
        return
    app.add_css_file("quiz/quiz.css")
    for name in (*LIBRARY, "quiz.js"):
        app.add_js_file(f"quiz/{name}")


def setup(app):
    app.add_node(Part, html=(visit_part, depart_part))
    app.add_directive("quiz", Quiz)
    app.connect("builder-inited", copy_scripts)
    app.connect("html-page-context", add_scripts)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
