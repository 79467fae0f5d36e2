"""What a check asks a class for: its methods and attributes, and what to say where one is amiss.

This runs beside the learner's code, in the notebook or in a submission's own process.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import types
from collections.abc import Callable, Iterable
from typing import Any

# What a first parameter is called that takes the object.
_SELVES = ("self", "cls", "this", "me", "s", "_", "_self", "obj", "instance")


def make(cls: Any, init: dict[str, Any]) -> Any:
    """Make an object of a class; where its constructor lacks ``self``, the exception says so."""
    return _explained(cls, "__init__", cls)(**init)


def method(instance: Any, name: str) -> Callable[..., Any]:
    """Return a method of an object, as `make` returns the object.

    Raises
    ------
    AttributeError
        Where there is none; the message says which is meant perhaps, and which there are.
    """
    return _explained(type(instance), name, _member(instance, name, "method"))


def attribute(instance: Any, name: str) -> Any:
    """Return an attribute of an object, as `method` does."""
    return _member(instance, name, "attribute")


def meant(name: str, known: Iterable[str]) -> str:
    """Return the name that is probably meant, or an empty string."""
    known = [str(each) for each in known]
    folded = {each.casefold().replace("_", ""): each for each in reversed(known)}
    asked = name.casefold().replace("_", "")
    close = difflib.get_close_matches(asked, folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else ""


def _member(instance: Any, name: str, kind: str) -> Any:
    try:
        return getattr(instance, name)
    except AttributeError:
        if inspect.getattr_static(instance, name, None) is not None:
            raise  # it is there, and fails by itself
    cls = type(instance)
    if kind == "method":
        there = [each for each in dir(cls) if callable(getattr(cls, each, None))]
    else:
        there = list(getattr(instance, "__dict__", ()))
    there = [each for each in there if not each.startswith("_")]
    said = f"{cls.__name__} has no {kind} `{name}`"
    if close := meant(name, there):
        said += f", but `{close}`: did you mean `{name}`?"
    elif there:
        said += f"; it has {', '.join(there)}"[:400]
    else:
        said += ", and none at all"
    raise AttributeError(said)


def _explained(cls: Any, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Let what a function raises say that it lacks ``self``, where it does."""
    written = inspect.getattr_static(cls, name, None)
    if not isinstance(written, types.FunctionType):
        return function
    code = written.__code__
    names = code.co_varnames[: code.co_argcount]
    if code.co_name != name:  # what a decorator made of it
        return function
    if (names and names[0] in _SELVES) or (not names and code.co_flags & inspect.CO_VARARGS):
        return function
    line = f"def {name}({', '.join(('self', *names))})"
    note = f"hint: `{name}` lacks `self`, which Python passes first: write `{line}`"

    @functools.wraps(function, updated=())
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            error.add_note(note)
            raise

    return call
