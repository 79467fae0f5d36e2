"""The sets that can be fetched: where each is from, and the checksum of everything in it."""

from __future__ import annotations

import functools
import gzip
import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HERE = Path(__file__).parent
#: Parts of a field of nuclei, in the order in which its checksum counts them.
FIELD_PARTS = ("images", "masks")


@dataclass(frozen=True)
class Repository:
    """A public repository at one commit.

    Attributes
    ----------
    name : str
        Owner and name.
    commit : str
        In full.
    paths : tuple of (str, str)
        A file or folder there, and where it goes in the set's folder.
    """

    name: str
    commit: str
    paths: tuple[tuple[str, str], ...]

    def destination(self, path: str) -> str | None:
        """Return where a file of the repository goes, or None where it is not wanted."""
        for source, target in self.paths:
            if path == source:
                return target
            if path.startswith(source + "/"):
                return target + path[len(source) :]
        return None

    def origin(self, path: str) -> str | None:
        """Return where a file of the set is in the repository, or None where it is not."""
        for source, target in self.paths:
            if path == target:
                return source
            if path.startswith(target + "/"):
                return source + path[len(target) :]
        return None


@dataclass(frozen=True)
class FetchableSet:
    """One set: what it is, where it is from, and every checksum.

    Attributes
    ----------
    name, title, licence : str
    folder : str
        Where it lies in the data folder.
    bytes : int
        Of all files together.
    repositories : tuple of Repository
    """

    name: str
    title: str
    licence: str
    folder: str
    bytes: int
    repositories: tuple[Repository, ...]

    @property
    def megabytes(self) -> int:
        """Size in millions of bytes, rounded up."""
        return -(-self.bytes // 1_000_000)

    @functools.cached_property
    def sums(self) -> dict[str, str]:
        """The sha256 of every file by its path; of a field of nuclei, one for the whole field."""
        text = gzip.decompress((HERE / "sums" / f"{self.name}.sha256.gz").read_bytes()).decode()
        return {path: digest for digest, _, path in (x.partition("  ") for x in text.splitlines())}

    @property
    def by_field(self) -> bool:
        """Whether a checksum is that of a folder of pictures and masks."""
        return self.name == "nuclei"

    def place(self, data_folder: Path) -> Path:
        """Return where the set lies in a data folder."""
        return data_folder.joinpath(*PurePosixPath(self.folder).parts)

    def wants(self, path: str) -> bool:
        """Whether a path of the set's folder belongs to it."""
        if not self.by_field:
            return path in self.sums
        *field, part, _ = PurePosixPath(path).parts if path.count("/") == 3 else ("", "", "")
        return part in FIELD_PARTS and "/".join(field) in self.sums

    def fault(self, folder: Path, entry: str) -> str | None:
        """Return what is wrong with one entry of `sums` in a folder, or None."""
        place = folder.joinpath(*PurePosixPath(entry).parts)
        if not place.exists():
            return f"{entry} is missing"
        found = field_digest(place) if self.by_field else file_digest(place)
        if found != self.sums[entry]:
            return f"{entry} has sha256 {found[:12]}…, expected {self.sums[entry][:12]}…"
        return None

    def faults(self, folder: Path) -> list[str]:
        """Return what is wrong with the set in a folder, an entry each."""
        return [fault for entry in self.sums if (fault := self.fault(folder, entry))]


def file_digest(path: Path) -> str:
    """Return a file's sha256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def field_digest(folder: Path) -> str:
    """Return the sha256 of a field: of a line for each file, pictures first, sorted by name."""
    lines = hashlib.sha256()
    for part in FIELD_PARTS:
        for path in sorted((folder / part).glob("*"), key=lambda path: path.name):
            lines.update(f"{file_digest(path)}  {part}/{path.name}\n".encode())
    return lines.hexdigest()


@functools.cache
def sets() -> dict[str, FetchableSet]:
    """Return every set that can be fetched, by name.

    Returns
    -------
    dict of str to FetchableSet
    """
    content = tomllib.loads((HERE / "sources.toml").read_text("utf-8"))
    return {
        name: FetchableSet(
            name=name,
            title=entry["title"],
            licence=entry["licence"],
            folder=entry.get("folder", name),
            bytes=entry["bytes"],
            repositories=tuple(
                Repository(each["name"], each["commit"], tuple(each["paths"].items()))
                for each in entry["repositories"]
            ),
        )
        for name, entry in content.items()
    }
