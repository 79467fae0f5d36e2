"""Bring a set over the network: one archive for each repository, or the few files that lack.

Files go to a folder beside, and the set's own folder appears when everything in it is right. What
has arrived is kept where a download breaks off.
"""

from __future__ import annotations

import os
import tarfile
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from http.client import HTTPException
from pathlib import Path, PurePosixPath

from lessonlib.images._files import ImageFileError
from lessonlib.images.downloads.catalogue import FetchableSet, Repository

#: Where a repository's files are had: all of them as one archive, or one by one.
ARCHIVE = "https://github.com/{name}/archive/{commit}.tar.gz"
RAW = "https://raw.githubusercontent.com/{name}/{commit}/{path}"
#: Up to so many lacking files are asked for one by one.
FEW = 20
#: No file of any set is larger, in bytes.
LARGEST = 64 * 1024 * 1024
TIMEOUT = 60  # seconds without an answer


def download(wanted: FetchableSet, target: Path, part: Path) -> None:
    """Bring a set to `target`, by way of the folder `part`.

    Parameters
    ----------
    wanted : FetchableSet
    target : pathlib.Path
        The set's folder, not there yet.
    part : pathlib.Path
        What an earlier call has brought, if anything.

    Raises
    ------
    lessonlib.images.ImageFileError
        Where the network or the disk fails, or a file is another than it should be.
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    try:
        part.mkdir(parents=True, exist_ok=True)
        lacking = {entry for entry in wanted.sums if wanted.fault(part, entry)}
        here = sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
        with Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn()
        ) as progress:
            task = progress.add_task(wanted.name, total=wanted.bytes, completed=here)
            for repository in wanted.repositories:
                for path, content in _files(repository, wanted, lacking):
                    write(part.joinpath(*PurePosixPath(path).parts), content)
                    progress.update(task, advance=len(content))
    except (OSError, HTTPException, EOFError, tarfile.TarError) as error:
        right = sum(1 for entry in wanted.sums if not wanted.fault(part, entry))
        raise ImageFileError(
            f"the download of {wanted.name!r} from {wanted.repositories[0].name} broke off: "
            f"{getattr(error, 'reason', error)}. {right} of {len(wanted.sums)} parts are here and "
            "kept: call it again to go on from there"
        ) from error
    if faults := wanted.faults(part):
        raise ImageFileError(
            f"the download of {wanted.name!r} is not whole: {'; '.join(faults[:3])}. What is right "
            "is kept: call it again to go on from there"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(part, target)


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(content)
    os.replace(beside, path)


def _files(
    repository: Repository, wanted: FetchableSet, lacking: set[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the lacking files that a repository has: where each goes, and its bytes."""
    own = {entry for entry in lacking if repository.origin(entry)}
    if not own:
        return
    if len(own) <= FEW and not wanted.by_field:
        for entry in sorted(own):
            path = urllib.parse.quote(repository.origin(entry))
            url = RAW.format(name=repository.name, commit=repository.commit, path=path)
            with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
                yield entry, answer.read(LARGEST + 1)
        return
    url = ARCHIVE.format(name=repository.name, commit=repository.commit)
    with (
        urllib.request.urlopen(url, timeout=TIMEOUT) as answer,
        tarfile.open(fileobj=answer, mode="r|gz") as archive,
    ):
        yield from _members(archive, repository, wanted, own)


def _members(
    archive: Iterable[tarfile.TarInfo],
    repository: Repository,
    wanted: FetchableSet,
    lacking: set[str],
) -> Iterator[tuple[str, bytes]]:
    """Yield what is wanted of an archive; its first folder is named by the commit."""
    for member in archive:
        path = repository.destination(member.name.partition("/")[2])
        if path is None or not member.isfile() or member.size > LARGEST or not wanted.wants(path):
            continue  # `wants` knows every path by name, so nothing can lead out of the folder
        if (path.rsplit("/", 2)[0] if wanted.by_field else path) in lacking:
            yield path, archive.extractfile(member).read()
