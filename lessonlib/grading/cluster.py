"""Grade many submissions at once: tasks of a Dask cluster, embedded or far away."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import logging
import threading
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from . import grade, ways
from .direct import DirectLauncher
from .discover import Submission, read
from .sandbox import Launcher, Limits


@dataclass(frozen=True)
class Plan:
    """What is the same for all submissions of a run.

    Attributes
    ----------
    seed : int
        Decides all inputs.
    limits : Limits
        For each submission.
    way : str
        How to confine, one of `ways.WAYS`; ``""`` the best that works where the task runs;
        ``"none"`` not at all; ``"own"``, for one's own file, as grading would, where it can.
    modules, hidden : tuple of str
        What launchers import beforehand and what they must not see.
    exercise : str or None
        The class to grade all as.
    pictures : bool
        Whether to draw what was expected and what came back.
    """

    seed: int
    limits: Limits = field(default_factory=Limits)
    way: str = ""
    modules: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    exercise: str | None = None
    pictures: bool = False


class Slot:
    """A place to grade one submission at a time: a launcher, started anew where it has gone."""

    def __init__(self, plan: Plan):
        self.plan, self.way = plan, plan.way
        self._running: Launcher | DirectLauncher | None = None

    def __call__(self) -> Launcher | DirectLauncher:
        """Return a running launcher, which confines unless the plan says otherwise.

        Raises
        ------
        Unconfined
            Where nothing does.
        """
        if self._running is None or not self._running.alive:
            self.close()
            plan = self.plan
            options = {"modules": plan.modules, "hidden": plan.hidden}
            if self.way != "none":
                with contextlib.suppress(*([ways.Unconfined] if self.way == "own" else [])):
                    way = "" if self.way == "own" else self.way
                    self._running = ways.launch(way, plan.limits, **options)
            if self._running is None:
                kind = Launcher if ways.FORKS else DirectLauncher
                named = {"way": "none"} if ways.FORKS else {}
                guard = plan.way == "own"
                self._running = kind(limits=plan.limits, guard=guard, **named, **options)
            self.way = self._running.way
        return self._running

    def close(self) -> None:
        """End the launcher."""
        if self._running is not None:
            self._running.close()
            self._running = None


#: Seconds to wait for a scheduler.
CONNECT = 10.0

_idle: dict[Plan, list[Slot]] = {}
_all: list[Slot] = []
_lock = threading.Lock()


@contextlib.contextmanager
def slot(plan: Plan) -> Iterator[Slot]:
    """Lend a slot of this process that no other thread uses."""
    with _lock:
        free = _idle.setdefault(plan, [])
        taken = free.pop() if free else None
    if taken is None:
        taken = Slot(plan)
        with _lock:
            _all.append(taken)
    try:
        yield taken
    finally:
        with _lock:
            _idle[plan].append(taken)


@atexit.register
def close() -> None:
    """End all launchers of this process."""
    with _lock:
        slots, _ = _all[:], (_all.clear(), _idle.clear())
    for each in slots:
        each.close()


def task(submission: Submission, plan: Plan) -> dict[str, Any]:
    """Grade one submission where this runs.

    Returns
    -------
    dict
        ``result`` (an entry of the report), ``pictures`` (PNG files in base64 by part and name)
        and ``way`` (how it was confined).
    """
    with slot(plan) as place:
        outcome = grade.grade(submission, place, plan.seed, plan.exercise)
        # What it had tells a resumed run whether another one could find more.
        limits = {"seconds": plan.limits.seconds, "memory": plan.limits.memory}
        outcome.result["limits"] = limits
        drawn = {}
        if plan.pictures and outcome.pictures:
            from .reports.pictures import draw

            drawn = {part: draw(arrays) for part, arrays in outcome.pictures.items()}
        return {"result": outcome.result, "pictures": drawn, "way": place.way}


def run(
    found: Iterable[tuple[str, bool]], plan: Plan, jobs: int, scheduler: str | None = None
) -> Iterator[dict[str, Any]]:
    """Grade files over a cluster, and yield what `task` returns as soon as each is done.

    Parameters
    ----------
    found : iterable of (str, bool)
        Paths as `discover.find` lists them; each is read when its turn comes.
    plan : Plan
        The rest.
    jobs : int
        How many at once, on the embedded cluster.
    scheduler : str, optional
        The address of a Dask scheduler, such as ``"tcp://10.0.0.5:8786"``.

    Yields
    ------
    dict
    """
    try:
        from distributed import as_completed
    except ImportError:
        raise ValueError("`pip install dask[distributed]` to grade: it is not installed") from None
    # A file of many megabytes is no mistake here.
    warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
    with _client(jobs, scheduler) as client:

        def submit(entry: tuple[str, bool]):
            submission = read(*entry)
            # In the embedded cluster the content is handed over, not copied.
            return client.submit(task, submission, plan, pure=False, retries=1)

        waiting = iter(found)
        at_once = 2 * max(jobs, sum(client.nthreads().values()))
        first = [submit(entry) for entry in itertools.islice(waiting, at_once)]
        running = as_completed(first, loop=client.loop)
        for future in running:
            yield future.result()
            running.update([submit(entry) for entry in itertools.islice(waiting, 1)])


@contextlib.contextmanager
def _client(jobs: int, scheduler: str | None) -> Iterator[Any]:
    import dask
    import distributed

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    if scheduler is not None:
        with distributed.Client(scheduler, timeout=CONNECT, set_as_default=False) as client:
            yield client
        return
    # Threads are enough: submissions run in processes of their own. And no port is opened on which
    # another user of this machine could hand in tasks, or read what is graded.
    quiet = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
    with (
        dask.config.set(quiet),
        distributed.LocalCluster(
            n_workers=1,
            threads_per_worker=jobs,
            processes=False,
            memory_limit=0,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        try:
            yield client
        finally:
            close()  # a task that still waits for its launcher then ends too
