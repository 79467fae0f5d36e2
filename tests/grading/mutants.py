"""How much wrong work the checks let pass: ``python tests/grading/mutants.py [NAME ...]``.

Every operator, constant, comparison, condition, keyword, slice, index, call and statement of a
worked solution is changed, one at a time, and each mutant is graded by the real checks. One that
gets full marks survives. `lessonlib/grading/checks/survivors/NAME.toml` says of each survivor why
it may: it is equivalent (no call could tell it), free (the exercise leaves the choice to the
learner), or within chance (the checks allow for it, and state the rate at which they err). Without
names all exercises are mutated; ``--write`` renews the number of mutants in the files.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import re
import sys
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import submission_cases as cases

from lessonlib.grading.exercise import LocalRemote, Mistake, SubmissionError

FOLDER = cases.ROOT / "lessonlib" / "grading" / "checks" / "survivors"
#: A mutant has to fail with each of these seeds.
SEEDS = (0, 1)

_BINARY = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
_COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
}
_STATEMENTS = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.For, ast.If)


def _constants(value: object) -> list[object]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1, value - 1]
    if isinstance(value, float):
        return [round(1.1 * value, 12), 0.5 * value] if value else [0.1]
    return [value + "x"] if isinstance(value, str) else []


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a node is replaced by, one change in each."""

    def changed(**fields: object) -> ast.AST:
        new = copy.copy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    if isinstance(node, ast.Constant):
        yield from (ast.Constant(value) for value in _constants(node.value))
    elif isinstance(node, ast.BinOp):
        yield from (changed(op=op()) for op in _BINARY.get(type(node.op), ()))
    elif isinstance(node, ast.Compare):
        for k, old in enumerate(node.ops):
            for op in _COMPARED.get(type(old), ()):
                yield changed(ops=[*node.ops[:k], op(), *node.ops[k + 1 :]])
    elif isinstance(node, ast.BoolOp):
        yield changed(op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.If | ast.IfExp):
        yield from (changed(test=ast.Constant(value)) for value in (True, False))
    elif isinstance(node, ast.comprehension):
        yield from (changed(ifs=[*node.ifs[:k], *node.ifs[k + 1 :]]) for k in range(len(node.ifs)))
    elif isinstance(node, ast.Call):
        for k in range(len(node.keywords)):
            yield changed(keywords=[*node.keywords[:k], *node.keywords[k + 1 :]])
        if node.args and not isinstance(node.args[0], ast.Starred):
            yield node.args[0]
    elif isinstance(node, ast.Slice):
        for name in ("lower", "upper", "step"):
            if getattr(node, name) is not None:
                yield changed(**{name: None})
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield node.value
    if isinstance(node, ast.Return):
        yield ast.Return(None)
    elif isinstance(node, _STATEMENTS):
        yield ast.Pass()


def _sites(tree: ast.Module) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yield (parent, field, index, node) of everything that may be changed."""
    skipped = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            skipped |= {id(first), id(first.value)}
        if isinstance(node, ast.JoinedStr):  # words and layout of what is printed
            skipped |= {id(each) for each in ast.walk(node)}
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            for k, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(node, ast.AST) and id(node) not in skipped:
                    yield parent, field, k, node


def mutants(source: str) -> Iterator[tuple[str, str, str]]:
    """Yield each mutant's name, the part of the exercise that it lies in, and its source.

    Parameters
    ----------
    source : str
        Of a worked solution, whose methods' docstrings begin with their part.

    Yields
    ------
    name, part, source : str
    """
    tree = ast.parse(source)
    original = ast.unparse(tree).splitlines()
    seen: dict[str, int] = {}
    for parent, field, k, node in list(_sites(tree)):
        for variant in _variants(node):
            _put(parent, field, k, variant)
            changed = ast.unparse(ast.fix_missing_locations(tree))
            _put(parent, field, k, node)
            line, name = _difference(original, changed.splitlines())
            if not name:
                continue
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                name = f"{name} ({seen[name]})"
            part = [m[1] for m in re.finditer(r"Part (\w+):", "\n".join(original[:line]))]
            yield name, part[-1] if part else "", changed


def _put(parent: ast.AST, field: str, k: int | None, node: ast.AST) -> None:
    if k is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[k] = node


def _difference(before: list[str], after: list[str]) -> tuple[int, str]:
    """Return where two sources differ, and how: ``method: old -> new``."""
    start, end = _common(before, after)
    old, new = (
        " / ".join(line.strip() for line in lines[start : len(lines) - end])
        for lines in (before, after)
    )
    methods = [m[1] for line in before[: start + 1] if (m := re.match(r" *def (\w+)", line))]
    if old == new:
        return start, ""
    return start, f"{methods[-1] if methods else 'class'}: {_short(old, new)}"


def _short(old: str, new: str, around: int = 30) -> str:
    """Return both texts as one, the change in double braces, shortened on either side."""
    before, after = (re.findall(r"\w+(?:\.\d+)?|.", text) for text in (old, new))
    start, end = _common(before, after)
    left, right = "".join(before[:start]), "".join(before[len(before) - end :])
    old, new = ("".join(each[start : len(each) - end]) for each in (before, after))
    left = left if len(left) <= around else "…" + left[-around:]
    right = right if len(right) <= around else right[:around] + "…"
    return f"{left}{{{{{old} -> {new}}}}}{right}"


def _common(before: list[str], after: list[str]) -> tuple[int, int]:
    """Return how many items two lists have in common at their beginnings and at their ends."""
    most = min(len(before), len(after))
    start = next((k for k in range(most) if before[k] != after[k]), most)
    most -= start
    return start, next((k for k in range(most) if before[-1 - k] != after[-1 - k]), most)


def survives(stem: str, part: str, source: str) -> bool:
    """Whether a mutant gets full marks with one of the seeds."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            remote = LocalRemote(cases.load(stem, source))
    except Exception:
        return False  # it does not even load
    criteria = list(enumerate(cases.exercise(stem).criteria))
    criteria.sort(key=lambda each: each[1].id != part)  # its own part is the likeliest to tell
    for seed in SEEDS:
        try:
            for position, criterion in criteria:
                criterion.check(remote, np.random.default_rng([seed, position]))
        except (Mistake, SubmissionError):
            continue
        return True
    return False


def survivors(stem: str) -> tuple[int, list[str]]:
    """Return how many mutants a solution has, and the names of those that survive."""
    count, found = 0, []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for name, part, source in mutants(cases.solution(stem)):
            count += 1
            if survives(stem, part, source):
                found.append(name)
    return count, found


def explained(stem: str) -> tuple[int, dict[str, str]]:
    """Return what the file says: the number of mutants, and each survivor's kind."""
    path = FOLDER / f"{stem}.toml"
    text = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    kinds = {name: each["kind"] for each in text.get("reason", ()) for name in each["survivors"]}
    return text.get("mutants", 0), kinds


def main(arguments: list[str]) -> int:
    """Print the survivors without a reason, and the reasons without a survivor."""
    status = 0
    names = [name for name in arguments if not name.startswith("-")] or cases.STEMS
    for stem in names:
        count, found = survivors(Path(stem).stem)
        _, kinds = explained(stem)
        new, gone = [n for n in found if n not in kinds], [n for n in kinds if n not in found]
        print(f"{stem}: {count} mutants, {len(found)} survive, {len(new)} of them unexplained")
        print("".join(f"  new   {name}\n" for name in new), end="")
        print("".join(f"  gone  {name}\n" for name in gone), end="", flush=True)
        status |= bool(new or gone)
        path = FOLDER / f"{stem}.toml"
        if "--write" in arguments and path.exists():
            text = re.sub(r"(?m)^mutants = \d+", f"mutants = {count}", path.read_text("utf-8"))
            path.write_text(text, encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
