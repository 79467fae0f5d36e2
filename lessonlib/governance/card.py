"""What a model is for, what it was made from, and what it was measured to do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from html import escape

import numpy as np

from lessonlib._validation import check_rank, members, plain_array
from lessonlib.evaluation import EvaluationReport
from lessonlib.governance.audit import SubgroupAudit


def _text(where: object, name: str, *, required: bool = False) -> None:
    value = getattr(where, name)
    if not isinstance(value, str):
        raise TypeError(f"{name} must be text, got {value!r} ({type(value).__name__})")
    if required and not value.strip():
        raise ValueError(f"{name} must not be empty")


def _texts(where: object, name: str) -> None:
    value = getattr(where, name)
    if isinstance(value, str) or not all(isinstance(v, str) for v in value):
        raise TypeError(f"{name} must be a sequence of texts, got {value!r}")
    object.__setattr__(where, name, tuple(value))


@dataclass(frozen=True)
class IntendedUse:
    """The use that every other document is measured against.

    Parameters
    ----------
    purpose : str
        What the output is for: the decision that it informs.
    user, population : str
        Who reads the output, and about whom.
    input, output : str
        What goes in, made how, and what comes out.
    not_for : sequence of str
        Uses that suggest themselves and are not meant.

    Raises
    ------
    TypeError
        Where one is no text.
    ValueError
        Where `purpose` is empty.
    """

    purpose: str
    user: str = ""
    population: str = ""
    input: str = ""
    output: str = ""
    not_for: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("purpose", "user", "population", "input", "output"):
            _text(self, name, required=name == "purpose")
        _texts(self, "not_for")

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that say nothing yet."""
        return tuple(f.name for f in fields(self) if not getattr(self, f.name))


def _fingerprint(arrays) -> str:
    """SHA-256 of the arrays' types, shapes and values, in order."""
    digest = hashlib.sha256()
    for array in arrays:
        array = plain_array("arrays", array)
        if array.dtype.kind == "O" and all(isinstance(value, str) for value in array.flat):
            array = array.astype(str)  # names from a table
        if array.dtype.hasobject:
            raise TypeError(f"arrays must hold numbers or text of fixed size, got {array.dtype}")
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        digest.update(f"{little.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(little).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class DataRecord:
    """Where a set came from, with a fingerprint that tells whether it is still that set.

    Parameters
    ----------
    name : str
        Such as ``"training"``.
    origin, terms, consent : str
        Where it is from, under which terms it may be used, and what the people in it agreed to.
    n_cases, n_clusters : int
        Pictures, and patients (or regions) behind them.
    fingerprint : str
        SHA-256 of the arrays. :meth:`of` makes a record from the arrays themselves.
    """

    name: str
    origin: str
    terms: str
    consent: str
    n_cases: int
    n_clusters: int
    fingerprint: str

    @classmethod
    def of(
        cls,
        name: str,
        *arrays,
        clusters=None,
        origin: str = "",
        terms: str = "",
        consent: str = "",
    ) -> DataRecord:
        """Make the record of a set.

        Parameters
        ----------
        name : str
        *arrays : array_like
            Images, labels, whatever belongs to it; the first axis counts cases.
        clusters : array_like, shape (N,), optional
            The patient of each case; by default every case is one.
        origin, terms, consent : str

        Returns
        -------
        DataRecord

        Raises
        ------
        TypeError
            Where a text is no text, or an array holds objects.
        ValueError
            Where there is no array, or the arrays have different lengths.
        """
        if not arrays:
            raise ValueError("arrays must hold at least one array, got none")
        held = [plain_array("arrays", array) for array in arrays]
        held += [] if clusters is None else [plain_array("clusters", clusters)]
        lengths = {len(array) if array.ndim else 0 for array in held}
        if len(lengths) != 1 or 0 in lengths:
            what = "arrays" if clusters is None else "arrays and clusters"
            raise ValueError(f"{what} must have one length, and some cases, got {sorted(lengths)}")
        (n,) = lengths
        groups = n if clusters is None else len(members("clusters", clusters, n, "cases")[0])
        record = cls(name, origin, terms, consent, n, groups, _fingerprint(held))
        for text in ("name", "origin", "terms", "consent"):
            _text(record, text, required=text == "name")
        return record

    def matches(self, *arrays, clusters=None) -> bool:
        """Return whether these are, bit by bit, the arrays of the record.

        Parameters
        ----------
        *arrays : array_like
            In the order of :meth:`of`.
        clusters : array_like, optional

        Returns
        -------
        bool
        """
        held = [*arrays]
        if clusters is not None:
            clusters = plain_array("clusters", clusters)
            check_rank("clusters", clusters, (1,), "(N,)")
            members("clusters", clusters, len(clusters), "cases")
            held.append(clusters)
        return _fingerprint(held) == self.fingerprint

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that say nothing yet."""
        return tuple(name for name in ("origin", "terms", "consent") if not getattr(self, name))


@dataclass(frozen=True, eq=False, repr=False)
class ModelCard:
    """A model's passport: short enough to be read, made from results and not from memory.

    Parameters
    ----------
    name, version : str
    intended_use : IntendedUse
    data : sequence of DataRecord
        What it was trained, tuned and tested on.
    performance : mapping of str to EvaluationReport
        By test set.
    audit : SubgroupAudit, optional
    limitations : sequence of str
    monitoring : str
        What is watched after deployment, how often, and who acts on an alarm.

    Raises
    ------
    TypeError
        Where a part is of another type.
    ValueError
        Where the name or the version is empty.

    Notes
    -----
    The sections are those of [1]_, shortened.

    References
    ----------
    .. [1] M. Mitchell, S. Wu, A. Zaldivar et al., "Model cards for model reporting", FAT* 2019,
       220-229. https://doi.org/10.1145/3287560.3287596
    """

    name: str
    version: str
    intended_use: IntendedUse
    data: tuple[DataRecord, ...] = ()
    performance: Mapping[str, EvaluationReport] = field(default_factory=dict)
    audit: SubgroupAudit | None = None
    limitations: tuple[str, ...] = ()
    monitoring: str = ""

    def __post_init__(self):
        for name in ("name", "version", "monitoring"):
            _text(self, name, required=name != "monitoring")
        _texts(self, "limitations")
        object.__setattr__(self, "data", tuple(self.data))
        object.__setattr__(self, "performance", dict(self.performance))
        parts = [
            ("intended_use", self.intended_use, IntendedUse),
            *(("data", record, DataRecord) for record in self.data),
            *(("performance", report, EvaluationReport) for report in self.performance.values()),
            *((("audit", self.audit, SubgroupAudit),) if self.audit is not None else ()),
        ]
        for name, part, kind in parts:
            if not isinstance(part, kind):
                raise TypeError(f"{name} must be {kind.__name__}, got {type(part).__name__}")

    @property
    def missing(self) -> tuple[str, ...]:
        """What the card does not say yet, as ``"data training: consent"``."""
        gaps = [f"intended_use: {name}" for name in self.intended_use.missing]
        gaps += [f"data {r.name}: {name}" for r in self.data for name in r.missing]
        empty = [n for n in ("data", "performance", "limitations", "monitoring")
                 if not getattr(self, n)]  # fmt: skip
        return tuple(gaps + empty + (["audit"] if self.audit is None else []))

    def _rows(self) -> list[tuple[str, str]]:
        use = self.intended_use
        lines = [
            ("For", use.purpose),
            ("Read by", use.user),
            ("About", use.population),
            ("Input", use.input),
            ("Output", use.output),
            ("Not for", "; ".join(use.not_for)),
        ]
        for record in self.data:
            size = f"{record.n_cases:,} cases from {record.n_clusters:,} clusters"
            lines.append((f"Data: {record.name}", f"{size}. {record.origin}"))
        for name, report in self.performance.items():
            found = (
                f"AUC {report.auc:.2f}, sensitivity {report.sensitivity:.2f}, "
                f"specificity {report.specificity:.2f} at a prevalence of {report.prevalence:.0%}"
            )
            lines.append((f"Performance: {name}", found))
        if self.audit is not None:
            names = ", ".join(self.audit.flagged) or "none"
            lines.append(("Subgroups with a gap", names))
        lines.append(("Limits", "; ".join(self.limitations)))
        lines.append(("Watched", self.monitoring))
        lines.append(("Missing", ", ".join(self.missing) or "nothing"))
        return [(name, text) for name, text in lines if text]

    def __str__(self) -> str:
        return "\n".join(
            [f"{self.name}, version {self.version}"]
            + [f"  {name}: {text}" for name, text in self._rows()]
        )

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        body = "".join(
            f'<tr><th scope="row" style="text-align:left">{escape(name)}</th>'
            f'<td style="text-align:left">{escape(text)}</td></tr>'
            for name, text in self._rows()
        )
        title = escape(f"{self.name}, version {self.version}")
        return f"<table><caption>{title}</caption><tbody>{body}</tbody></table>"
