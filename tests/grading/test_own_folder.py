"""A submission's own folder: measured, emptied and gone, whatever was left in it."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import attack_world
import numpy as np
import pytest

from lessonlib.grading import checks, cluster, direct, learner, scratch, ways
from lessonlib.grading.discover import Submission
from lessonlib.grading.remote import ConfinedRemote
from lessonlib.grading.sandbox import Launcher, Limits

linux = pytest.mark.skipif(sys.platform != "linux", reason="ways of Linux")


@pytest.fixture
def own():
    made = scratch.Scratch()
    made.close_top()
    yield made
    made.close()
    assert not os.path.exists(made.top)


def test_it_is_empty_and_measured(own):
    assert own.used() == 0
    Path(own.folder, "a").write_bytes(b"x" * 100_000)
    Path(own.folder, "b").mkdir()
    Path(own.folder, "b", "c").write_bytes(b"x" * 100_000)
    assert 200_000 <= own.used() < 300_000
    own.empty()
    assert own.used() == 0
    assert os.listdir(own.folder) == []


@linux
def test_a_hole_takes_no_room_and_a_deleted_file_does(own):
    with open(os.path.join(own.folder, "hole"), "wb") as file:
        file.truncate(10**9)
        assert own.used(os.getpid()) < 10**6
    with open(os.path.join(own.folder, "gone"), "wb", buffering=0) as file:
        file.write(bytes(3_000_000))
        os.unlink(file.name)
        assert own.used() < 10**6
        assert 3_000_000 <= own.used(os.getpid()) < 4_000_000


def test_what_cannot_be_counted_is_too_much(own, monkeypatch):
    monkeypatch.setattr(scratch, "ENTRY_CAP", 20)
    for number in range(21):
        Path(own.folder, str(number)).touch()
    assert own.used() == math.inf


@pytest.mark.skipif(not hasattr(os, "fchdir"), reason="no way to make such a path")
def test_deeper_than_a_path_can_be_long(own):
    back = os.open(".", os.O_RDONLY)
    try:
        os.chdir(own.folder)
        for _ in range(300):
            os.mkdir("d" * 200)
            os.chdir("d" * 200)
            Path("f").touch()
        os.mkdir("shut", 0)
    finally:
        os.fchdir(back)
        os.close(back)
    assert own.used() == math.inf
    own.empty()
    assert os.listdir(own.folder) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name")
def test_links_are_neither_followed_nor_emptied(own, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_bytes(b"x" * 10**6)
    os.symlink(tmp_path / "kept", os.path.join(own.folder, "link"))
    os.mkdir(os.path.join(own.folder, "-0"))
    os.symlink(tmp_path / "kept", os.path.join(own.folder, "-0", "link"))
    os.symlink("nowhere", os.path.join(own.folder, "broken"))
    os.mkfifo(os.path.join(own.folder, "pipe"))
    assert own.used() < 10**5
    own.empty()
    assert os.listdir(own.folder) == []
    assert (tmp_path / "kept" / "file").exists()


@linux
def test_the_folder_of_a_grader_that_was_killed_goes_with_the_next(tmp_path, monkeypatch):
    program = (
        "import os, signal\nfrom lessonlib.grading.scratch import Scratch\n"
        "made = Scratch(); made.close_top(); open(made.folder + '/x', 'w').close()\n"
        "print(made.top, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    left = said.stdout.strip()
    assert os.listdir(left) == ["own"]
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    held = scratch.Scratch()
    assert os.path.exists(left)  # so young that it may be in the making
    monkeypatch.setattr(scratch, "_YOUNG", -1)
    scratch.Scratch().close()
    assert not os.path.exists(left)
    assert os.path.exists(held.folder)
    held.close()
    assert os.listdir(tmp_path) == []


LEAVES = attack_world.HONEST.replace(
    "return x ** 2",
    """import os, tempfile
        if os.listdir("."): return x
        tempfile.mkdtemp(); open("left", "w").write("5.0")
        return x ** 2""",
)
FINDS = "import os, tempfile\nassert os.listdir('.') == os.listdir(tempfile.gettempdir()) == []\n"


@pytest.fixture
def target(monkeypatch):
    monkeypatch.setattr(checks, "EXERCISES", {"Target": attack_world.target(5.0)})


@linux
@pytest.mark.parametrize("way", [*ways.WAYS, "none"])
def test_nothing_is_left_for_the_next_submission(way, target):
    if way != "none" and ways.unavailable(way):
        pytest.skip(ways.unavailable(way))
    plan = cluster.Plan(2, way=way)
    for name, text in (("a.py", LEAVES), ("b.py", FINDS + LEAVES), ("c.py", LEAVES)):
        result = cluster.task(Submission(name, text.encode()), plan)["result"]
        assert (result["status"], result["score"]) == ("graded", 1.0), result
    (slot,) = [each for each in cluster._all if each.plan == plan]
    folder = slot().scratch
    assert os.listdir(folder.folder) == []
    assert os.listdir(folder.top) == ["own"]
    slot.close()
    assert not os.path.exists(folder.top)


WRITER = b"""
class Target:
    def files(self, count, size):
        for number in range(count):
            open(f"f{number}", "wb").write(bytes(size))
        return count
    def one(self, size):
        return open("one", "wb").write(bytes(size))
    def loop(self):
        while True: pass
    def wait(self):
        import threading
        threading.Event().wait()
    def work(self, seconds):
        import time
        while time.process_time() < seconds: pass
        return 1
    def memory(self):
        return len(bytearray(10**10))
    def print(self):
        for _ in range(30): print("x" * 10000)
        return 1
"""


@pytest.fixture(params=["launcher", "interpreter"])
def remote(request):
    """A remote in what forks, and in what starts anew."""
    if request.param == "launcher" and sys.platform != "linux":
        pytest.skip("nothing forks here")

    def make(limits):
        kind = direct.DirectLauncher(limits)
        if request.param == "launcher":
            kind.close()
            kind = Launcher("none", limits)
        made.append(kind)
        return ConfinedRemote(lambda: kind, WRITER, ".py")

    made = []
    yield make
    for each in made:
        each.close()


def test_disk_is_limited_by_name_and_the_next_call_is_answered(remote):
    with remote(Limits(20.0, disk=5)) as each:
        each.run("Target")
        assert each.call("files", 4, 10**6).value == 4
        with pytest.raises(Exception, match="the limit of disk is 5 MB"):
            each.call("files", 20, 10**6)
        assert each.status == "crashed"
        assert each.call("files", 1, 10**6).value == 1
        with pytest.raises(Exception, match="the limit of disk is 5 MB"):
            each.call("one", 6 * 10**6)


def test_time_is_that_of_the_processor_and_named(remote):
    with remote(Limits(2.0, wall=600.0)) as each:
        each.run("Target")
        with pytest.raises(Exception, match=r"of processor time .* the limit of time is 2 s"):
            each.call("loop")
        assert each.status == "timeout"
        # Half of what was left has gone; the rest is shared in the same way.
        assert each.call("work", 0.2).value == 1
        assert 0 < each._seconds < 1.2


def test_waiting_takes_no_processor_and_has_a_limit_of_its_own(remote):
    with remote(Limits(60.0, wall=3.0)) as each:
        each.run("Target")
        with pytest.raises(Exception, match="the limit of waiting is 3 s"):
            each.call("wait")
        assert each.status == "timeout"


@linux
def test_memory_and_output_are_named(remote):
    with remote(Limits(20.0, 300)) as each:
        each.run("Target")
        with pytest.raises(Exception, match="300 MB of memory allowed"):
            each.call("memory")
        assert each.status == "memory"
        reply = each.call("print")
        assert len(reply.stdout) < 101_000
        assert "the limit of output is 100,000 characters" in reply.stdout


def test_patience_is_ten_times_the_processor_time():
    assert Limits(30.0).wall == 300.0
    assert Limits(30.0, wall=7.0).wall == 7.0


def test_the_generators_start_alike_in_each_run_and_differently_in_each_process():
    source = b"""
import random
import numpy as np
class Target:
    def draw(self): return random.random(), np.random.rand()
    def end(self): import os; os._exit(0)
"""
    drawn = []
    launcher = direct.DirectLauncher(Limits())
    for _ in range(2):
        with ConfinedRemote(lambda: launcher, source, ".py") as each:
            each.run("Target")
            first = each.call("draw").value
            with pytest.raises(Exception, match="ended itself"):
                each.call("end")
            drawn.append((first, each.call("draw").value))
    launcher.close()
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[0][1]


@pytest.mark.parametrize("forks", [True, False])
def test_a_class_in_a_notebook_leaves_the_notebooks_folder_alone(forks, tmp_path, monkeypatch):
    if not forks:
        monkeypatch.setattr(ways, "FORKS", False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.npy").write_bytes(b"work of weeks")

    class FaceAligner:
        def compute_alignment(self, left_eye, right_eye):
            np.save("own.npy", np.zeros(3))

        def apply_affine(self, points, M):
            with open("new.txt", "w") as file:
                file.write("x")

    learner.check(FaceAligner, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["own.npy"]
    assert (tmp_path / "own.npy").read_bytes() == b"work of weeks"
    assert os.path.samefile(os.getcwd(), tmp_path)
