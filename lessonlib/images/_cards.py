"""The data card of each image: the text stands in ``cards.toml``."""

from __future__ import annotations

import functools
import html
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from lessonlib.images._files import SourceFile, verified


@dataclass(frozen=True)
class DataCard:
    """What an image shows, where it is from, and what may be done with it.

    Attributes
    ----------
    name : str
        Name of the loader in :mod:`lessonlib.images`.
    title : str
        A line for a heading.
    shows : str
        What there is to see.
    modality : str
        How the image was made.
    units : str
        What a pixel's number means.
    array : str
        Shape and dtype of ``pixels``.
    package, version : str
        The distribution that holds the file, and the version checked.
    files : tuple of SourceFile
        Path inside the package and sha256 of each file.
    licence : str
        What is known of the terms.
    source : str
        Who made it.
    url : str
        Where that is said.
    notes : tuple of str
        What one would get wrong without being told.
    """

    name: str
    title: str
    shows: str
    modality: str
    units: str
    array: str
    package: str
    version: str
    files: tuple[SourceFile, ...]
    licence: str
    source: str
    url: str
    notes: tuple[str, ...] = ()

    def paths(self) -> tuple[Path, ...]:
        """Return where the files lie, once their checksums have been found right.

        Returns
        -------
        tuple of pathlib.Path

        Raises
        ------
        lessonlib.images.ImageFileError
            Where the package is missing, or a file is missing or damaged.
        """
        return tuple(verified(self.package, self.version, file) for file in self.files)

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return the card as pairs of a heading and a text, in the order in which they are read."""
        return (
            ("Shows", self.shows),
            ("Modality", self.modality),
            ("A pixel is", self.units),
            ("Array", self.array),
            ("Licence", self.licence),
            ("Source", self.source),
            ("See", self.url),
            ("Package", f"{self.package} {self.version}"),
            *((("Note", note)) for note in self.notes),
            *((f"sha256 of {file.path}", file.sha256) for file in self.files),
        )

    def __str__(self) -> str:
        head = f"{self.title}  [images.{self.name}()]"
        return "\n".join([head, *(f"  {key}: {text}" for key, text in self.rows())])

    def _repr_html_(self) -> str:
        cells = []
        for key, text in self.rows():
            shown = re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(text))
            if key == "See":
                shown = f'<a href="{shown}">{shown}</a>'
            elif key.startswith("sha256"):
                shown = f'<code style="overflow-wrap: anywhere">{shown}</code>'
            cells.append(
                f'<tr><th scope="row" style="text-align: left; vertical-align: top; '
                f'min-width: 6.5em; overflow-wrap: anywhere">{html.escape(key)}</th>'
                f'<td style="text-align: left">{shown}</td></tr>'
            )
        caption = f"{html.escape(self.title)}: <code>images.{self.name}()</code>"
        return f"<table><caption>{caption}</caption><tbody>{''.join(cells)}</tbody></table>"


@functools.cache
def _all() -> dict[str, DataCard]:
    content = tomllib.loads(Path(__file__).with_name("cards.toml").read_text(encoding="utf-8"))
    return {
        name: DataCard(
            name=name,
            files=tuple(SourceFile(**file) for file in entry.pop("files")),
            notes=tuple(entry.pop("notes", ())),
            **entry,
        )
        for name, entry in content.items()
    }


def cards() -> dict[str, DataCard]:
    """Return the card of every image, by the name of its loader, in the order of the book.

    Returns
    -------
    dict of str to DataCard

    Examples
    --------
    >>> from lessonlib import images
    >>> images.cards()["head_ct"].units
    'Hounsfield units (air −1000, water 0)'
    """
    return dict(_all())


def card(name: str) -> DataCard:
    """Return the card of one loader.

    Parameters
    ----------
    name : str
        Name of the loader.

    Returns
    -------
    DataCard
    """
    return _all()[name]
