"""Make the skeleton of a chapter: what a page of this course needs, in the places where it belongs.

    make chapter NAME=ultrasound TITLE="Ultrasound"
    python book/_tools/new_chapter.py ultrasound "Ultrasound" --after satellite --topic speckle

The first makes a page that runs, book/NAME.md, a quiz of one question, and an entry in the table of
contents. `--topic` also makes a package below lessonlib for what the page computes, a module of
figures, tests of it, and its page in the reference. Nothing is made where anything of it is there.
What is left to write is marked TODO, and the command ends with what to do next.
"""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[2]
SKELETON = Path(__file__).parent / "skeleton"
LAST = "book/summary"  # chapters come before it

NEXT = """
Next:
  make notebooks           runs the page and stores notebooks/{name}.ipynb
  make book                builds the book with it
Then write what is marked TODO. What a chapter owes its readers beside that:
  book/concepts.csv        a row for each term that it introduces, and the term in book/glossary.md;
                           .venv/bin/python book/_tools/concept_table.py write   renews overviews
  book/quizzes/            four to six questions in {name}.yaml
  book/claims.toml         a note for each source that it cites
  book/how-to-use.md       a line in the table of chapters
  .venv/bin/pytest -m "not browser" tests/book     says which of these is missing
"""


def slug(text: str) -> str:
    """A name that a file and an address can have."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name for a chapter: lower-case letters and digits, words joined by "
            "hyphens, as in many-channels"
        )
    return text


def heading(text: str) -> str:
    """A title: one line of words, without marks of its own."""
    if not text.strip() or "\n" in text or text.lstrip()[:1] in "#`-*":
        raise argparse.ArgumentTypeError(
            f'{text!r} is no title: give it in quotation marks, as in "Many channels"'
        )
    return text.strip()


def package(text: str) -> str:
    """A name that a Python package can have."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text) or keyword.iskeyword(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no name for a package: lower-case letters, digits and underscores"
        )
    return text


def filled(template: str, **words: str) -> str:
    """A file of the skeleton with its $words filled in."""
    return Template((SKELETON / template).read_text("utf-8")).substitute(words)


def inserted(text: str, line: str, new: str, *, where: str, before: bool = False) -> str:
    """Put a line beside another of a file, indented as it is.

    Raises
    ------
    ValueError
        Where that line is not there once.
    """
    found = re.findall(rf"^( *){re.escape(line)}\n", text, re.M)
    if len(found) != 1:
        raise ValueError(f"{where} should have one line {line!r}, and has {len(found)}")
    old, added = f"{found[0]}{line}\n", f"{found[0]}{new}\n"
    return text.replace(old, added + old if before else old + added)


def chapters(toc: str) -> list[str]:
    """Names of the chapters in the table of contents, in order, without the summary."""
    part = toc.split("caption: Chapters\n", 1)[-1].split("caption:", 1)[0]
    return re.findall(r"^ *- file: notebooks/([\w-]+)$", part, re.M)


def skeleton(root: Path, name: str, title: str, after: str, topic: str = "") -> dict[Path, str]:
    """What is to be written, by path: new files, and files with a line more.

    Raises
    ------
    ValueError
        Where a part of it is there already, or has no place.
    """
    toc = (root / "_toc.yml").read_text("utf-8")
    known = chapters(toc)
    after = after or known[-1]
    if after not in known:
        raise ValueError(f"no chapter is called {after!r}; there are {', '.join(known)}")
    words = {"name": name, "title": title, "after": after, "topic": topic}
    code = {
        "imports": "from lessonlib import images",
        "figures": "images",
        "compute": "",
        "draw": 'panels({"TODO a title": film[::4, ::4]})',
        "told": "",
    }
    new = {root / "book" / "quizzes" / f"{name}.yaml": filled("quiz.yaml", **words)}
    if topic:
        from_here = ", ".join(sorted(["images", topic]))
        code = {
            "imports": f"from myst_nb import glue\n\nfrom lessonlib import {from_here}",
            "figures": topic,
            "compute": f'glue("contrast", f"{{{topic}.contrast(film):.2f}}", display=False)\n',
            "draw": "values(film)",
            "told": "\nThe film's values span {glue:text}`contrast`.\n",
        }
        new |= {
            root / "lessonlib" / topic / "__init__.py": filled("topic.py.txt", **words),
            root / "lessonlib" / "figures" / f"{topic}.py": filled("figures.py.txt", **words),
            root / "tests" / f"test_{topic}.py": filled("test.py.txt", **words),
            root / "book" / "api" / f"{topic}.md": filled("api.md", **words),
        }
    page = root / "book" / f"{name}.md"
    new[page] = filled("chapter.md", **words, **code)
    taken = [*new, root / "notebooks" / f"{name}.ipynb", root / "lessonlib" / f"{topic}.py"]
    taken += [root / "lessonlib" / topic] if topic else []
    for path in taken:
        if path.exists():
            raise ValueError(f"{path.relative_to(root)} is there already; choose another name")
    changed = {root / "_toc.yml": toc}
    line, entry = f"- file: notebooks/{after}", f"- file: notebooks/{name}"
    changed[root / "_toc.yml"] = toc = inserted(toc, line, entry, where="_toc.yml")
    if topic:
        grading = "- file: book/api/grading"
        toc = inserted(toc, grading, f"- file: book/api/{topic}", where="_toc.yml", before=True)
        changed[root / "_toc.yml"] = toc
        changed |= listed(root, topic)
    return new | changed


def listed(root: Path, topic: str) -> dict[Path, str]:
    """The package's list of topics, and the test of what a topic must not import, with one more."""
    package = root / "lessonlib" / "__init__.py"
    text = package.read_text("utf-8")
    block = re.search(r"^_TOPICS = \(\n(.*?)^\)", text, re.M | re.S)
    topics = sorted([*re.findall(r'"(\w+)"', block[1]), topic])
    lines = "".join(f'    "{each}",\n' for each in topics)
    test = root / "tests" / "test_package.py"
    heavy = f'"lessonlib.{topic}": {{"torch", "dask", "matplotlib", "sklearn", "skimage"}},'
    beside = '"lessonlib.profiling": {"torch", "scipy", "matplotlib", "sklearn"},'
    return {
        package: text.replace(block[1], lines),
        test: inserted(test.read_text("utf-8"), beside, heavy, where="tests/test_package.py"),
    }


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Read the command line; 0, or 2 where nothing was made."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", type=slug, help="of the page: book/NAME.md, notebooks/NAME.ipynb")
    parser.add_argument("title", type=heading, help="of the page, in quotation marks")
    parser.add_argument("--after", default="", metavar="NAME", help="chapter (default: the last)")
    parser.add_argument("--topic", type=package, help="package below lessonlib")
    given = parser.parse_args(arguments)
    try:
        files = skeleton(root, given.name, given.title, given.after, given.topic or "")
    except ValueError as error:
        parser.error(str(error))
    for path, text in files.items():
        made = "changed" if path.exists() else "made"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{made} {path.relative_to(root).as_posix()}")
    print(NEXT.format(name=given.name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
