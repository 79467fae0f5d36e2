"""The learner's commands: list, start, check, hint, watch, progress."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

# Whatever is heavy is imported inside the commands: `--help` must not wait for NumPy.

app = typer.Typer(
    name="lessonlib",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help=(
        "The exercises of the course: take one, solve it, have it checked.\n\n"
        "[bold]lessonlib list[/]: what there is\n\n"
        "[bold]lessonlib start FaceAligner[/]: copies its starter to where you are\n\n"
        "[bold]lessonlib check face_aligner.py[/]: says what is right and what not yet\n\n"
        "[bold]lessonlib hint FaceAligner apply_affine[/]: a nudge for one part\n\n"
        "[bold]lessonlib grade submissions/ --html report.html[/]: for instructors"
    ),
)
out = Console()
err = Console(stderr=True)

Exercise = Annotated[
    str, typer.Argument(metavar="NAME", help="The class, or its file: FaceAligner, face-aligner.")
]
Seed = Annotated[int | None, typer.Option(min=0, help="Repeats a run: every run names its seed.")]
Seconds = Annotated[
    float,
    typer.Option(
        min=0.1,
        help="Seconds of processor time for a submission; one call may take half of what is left.",
    ),
]
Megabytes = Annotated[
    int, typer.Option(min=16, help="Megabytes for a submission, beside the libraries'.")
]


def wrong(error: Exception) -> typer.Exit:
    """Say that the call itself is wrong, and return the exception that ends it with status 2."""
    from .cleaning import text

    err.print(f"Error: {text(error)}", style="bold red", markup=False, highlight=False)
    return typer.Exit(2)


def note(said: str) -> None:
    """Say something on standard error in a line, in which names may be strangers'."""
    from .cleaning import line

    err.print(line(said, 1000), markup=False, highlight=False)


@app.command("list")
def list_() -> None:
    """List the exercises, their parts and points."""
    from rich.table import Table

    from .checks import EXERCISES

    table = Table("What it is about", "Parts", "Points")
    table.columns[0].ratio = 1
    for exercise in EXERCISES.values():
        parts = " ".join(criterion.id for criterion in exercise.criteria)
        about = f"[bold]{exercise.name}[/]\n{exercise.title}"
        table.add_row(about, parts, f"{exercise.max_score:g}")
    out.print(table)
    out.print("Begin with: lessonlib start NAME", highlight=False)


@app.command()
def start(
    name: Exercise,
    into: Annotated[Path, typer.Option(help="The folder to put it in.")] = Path(),
    notebook: Annotated[
        bool, typer.Option("--notebook", help="The notebook, not the .py.")
    ] = False,
) -> None:
    """Copy an exercise's starter to where you work; never over a file that is there."""
    from . import learner, starters

    try:
        exercise = learner.resolve(name)
        path = starters.start(exercise.name, into, notebook=notebook)
    except FileExistsError as error:
        note(f"{error.filename} is there already; it stays as it is.")
        raise typer.Exit(1) from None
    except (ValueError, OSError) as error:
        raise wrong(error) from None
    out.print(f"{path} is yours to complete.", highlight=False)
    out.print(f"Then: lessonlib check {path}", highlight=False)


@app.command()
def hint(
    name: Exercise,
    part: Annotated[str, typer.Argument(help="The part: a, b, … or a method's name.")],
    level: Annotated[
        int, typer.Argument(min=1, max=3, help="1 a nudge, 2 the method, 3 almost the line.")
    ] = 1,
) -> None:
    """Show a hint for one part, from a nudge to almost the line."""
    from rich.markdown import Markdown

    from . import learner, starters

    try:
        exercise = learner.resolve(name)
        text = starters.hint(exercise.name, part, level)
    except (ValueError, OSError) as error:
        raise wrong(error) from None
    out.print(Markdown(text))
    if level < 3:
        out.print(f"More: lessonlib hint {exercise.name} {part} {level + 1}", style="dim")


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="Your .py or .ipynb file.")],
    exercise: Annotated[
        str | None, typer.Option(metavar="NAME", help="Where the file defines several.")
    ] = None,
    seed: Seed = None,
    timeout: Seconds = 30.0,
    memory: Megabytes = 1024,
    html: Annotated[Path | None, typer.Option(help="Write the report as a page, too.")] = None,
) -> None:
    """Check your own file and say, part by part, what is right and what is not.

    Your file runs as it would be graded: in a process of its own, in an empty
    folder that vanishes with it, with limits of processor time, memory and disk
    (on Windows and macOS not of memory), and confined where this system can.
    Nothing in your folder is read or changed. Status 0 at full marks, 1 otherwise.
    """
    raise typer.Exit(0 if _check(path, exercise, seed, timeout, memory, html) else 1)


def _check(
    path: Path, name: str | None, seed: int | None, timeout: float, memory: int, html: Path | None
) -> bool:
    from . import cluster, learner, terminal
    from .sandbox import Limits

    seed = secrets.randbelow(2**31) if seed is None else seed
    try:
        name = learner.resolve(name).name if name else None
        plan = cluster.Plan(
            seed, Limits(timeout, memory), way="own", exercise=name, pictures=html is not None
        )
        with err.status("checking …"):
            verdict = learner.check_file(path, plan)
        if html is not None:
            terminal.write_page(verdict, html)
    except (ValueError, OSError) as error:
        raise wrong(error) from None
    terminal.show(out, verdict)
    return verdict.passed


@app.command()
def watch(
    path: Annotated[Path, typer.Argument(help="Your .py or .ipynb file.")],
    timeout: Seconds = 30.0,
    memory: Megabytes = 1024,
) -> None:
    """Check your file again whenever you save it; Ctrl-C ends it."""
    from watchfiles import watch as changes

    _check(path, None, None, timeout, memory, None)
    # The folder is watched, since many editors save by replacing the file.
    for changed in changes(path.resolve().parent, recursive=False, raise_interrupt=False):
        if path.resolve() in {Path(name) for _, name in changed} and path.exists():
            out.rule()
            _check(path, None, None, timeout, memory, None)


@app.command()
def progress(
    folder: Annotated[Path, typer.Argument(help="Where your files are.")] = Path(),
    timeout: Seconds = 30.0,
    memory: Megabytes = 1024,
) -> None:
    """Check every exercise in a folder of yours and show how far each has come."""
    from . import cluster, discover, learner, terminal
    from .sandbox import Limits

    plan = cluster.Plan(secrets.randbelow(2**31), Limits(timeout, memory), way="own")
    verdicts = []
    try:
        with err.status("checking …"):
            for name, _ in discover.find([folder]):
                verdict = learner.check_file(name, plan)
                if verdict.result["exercise"]:
                    verdicts.append(verdict)
    except (ValueError, OSError) as error:
        raise wrong(error) from None
    terminal.show_progress(out, verdicts)


def main() -> None:
    """Run the command line."""
    from . import cli_grade

    app.command("grade")(cli_grade.grade)
    app()
