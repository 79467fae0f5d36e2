"""Where nothing confines and nothing forks (Windows, macOS), one's own files are checked too.

The systems themselves are not here; what they lack is taken away instead.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lessonlib.grading import channel, direct, ways
from lessonlib.grading.exercise import SubmissionError
from lessonlib.grading.remote import ConfinedRemote
from lessonlib.grading.sandbox import Limits

ROOT = Path(__file__).parents[2]

SOURCE = b"""
import numpy as np
class Target:
    def square(self, x): return x ** 2
    def loop(self):
        while True: pass
    def leave(self):
        import os; os._exit(3)
    def eat(self):
        return np.ones(10**9)
"""


@pytest.fixture(params=[True, False], ids=["polled", "timed"])
def remote(request, monkeypatch):
    original = channel.Channel.__init__

    def init(self, reader, writer, kill):
        original(self, reader, writer, kill)
        if not request.param:  # as on Windows: no waiting for pipes
            self.polled = False
            os.set_blocking(reader, True)
            os.set_blocking(writer, True)

    monkeypatch.setattr(channel.Channel, "__init__", init)
    launcher = direct.DirectLauncher(Limits(6.0, 300))
    with ConfinedRemote(lambda: launcher, SOURCE, ".py") as made:
        made.read(("Target",))
        made.run("Target")
        yield made
    launcher.close()


def test_a_fresh_interpreter_answers(remote):
    assert remote.call("square", 3.0).value == 9.0
    with pytest.raises(SubmissionError, match="no method `gone`; it has eat"):
        remote.call("gone")
    assert remote.status == ""


@pytest.mark.parametrize(("method", "status"), [("loop", "timeout"), ("leave", "crashed")])
def test_trouble_ends_and_the_next_call_is_answered(remote, method, status):
    with pytest.raises(SubmissionError):
        remote.call(method)
    assert remote.status == status
    assert remote.call("square", 2.0).value == 4.0


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of memory there")
def test_memory_is_limited(remote):
    with pytest.raises(SubmissionError, match="300 MB"):
        remote.call("eat")
    assert remote.status == "memory"


CAREFUL = """
import os, subprocess, socket, tempfile
from pathlib import Path
import numpy as np
def refused(action, *arguments):
    try: action(*arguments)
    except PermissionError: return True
    return False
class Target:
    def run(self, place):
        np.save("own.npy", [1])
        os.mkdir("a"); os.rename("own.npy", "a/own.npy"); Path("a/own.npy").unlink()
        tempfile.mkdtemp()
        import sklearn.linear_model
        there = Path(place)
        return [
            refused(lambda: open(there / "mine.txt", "w")), refused((there / "mine.txt").unlink),
            refused((there / "new").mkdir), refused(os.replace, there / "mine.txt", "own"),
            refused(os.truncate, there / "mine.txt", 0), refused(os.system, "true"),
            refused(subprocess.run, ["true"]), refused(socket.create_connection, ("127.0.0.1", 9)),
        ]
"""


def test_where_nothing_confines_an_honest_file_is_refused_the_same(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    launcher = direct.DirectLauncher(Limits(60.0), guard=True)
    with ConfinedRemote(lambda: launcher, CAREFUL.encode(), ".py") as made:
        made.run("Target")
        assert made.call("run", str(tmp_path)).value == [True] * 8
    launcher.close()
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert os.listdir(tmp_path) == ["mine.txt"]


LACKING = """
import os, select, socket, sys
import lessonlib.grading.checks, rich.progress, typer
for name in ("resource", "fcntl", "pwd", "grp", "termios"):
    sys.modules[name] = None
for module, names in (
    (os, ("fork", "pidfd_open", "sched_getaffinity", "killpg", "wait4")),
    (select, ("poll", "epoll")),
    (socket, ("recv_fds", "send_fds")),
):
    for name in names:
        delattr(module, name)
sys.platform = "win32"
from lessonlib.grading import cli, cli_grade, cluster, direct, discover, learner, terminal, ways
assert not ways.FORKS
print([ways.unavailable(way) for way in ways.WAYS])
"""


def test_modules_load_without_what_windows_lacks():
    said = subprocess.run([sys.executable, "-c", LACKING], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("it needs Linux, and this is win32") == len(ways.WAYS)


def test_the_way_of_the_container_is_named_where_nothing_confines(monkeypatch):
    monkeypatch.setattr(ways, "lacking", lambda way: "no")
    with pytest.raises(ways.Unconfined, match="Dockerfile"):
        ways.launch("", Limits())


@pytest.mark.skipif(sys.platform != "linux", reason="nothing confines there")
def test_what_does_not_confine_is_not_believed(monkeypatch):
    original = ways.Launcher
    monkeypatch.setattr(
        ways, "Launcher", lambda way, *rest, **more: original("none", *rest, **more)
    )
    with pytest.raises(ways.Unconfined, match="it starts, but does not confine"):
        ways.launch("bubblewrap", Limits())


def test_the_dockerfile_is_where_the_message_says():
    assert (ROOT / "lessonlib" / "grading" / "Dockerfile").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="nothing confines there")
@pytest.mark.parametrize("way", ways.WAYS)
def test_an_installed_copy_is_hidden_like_a_checkout(tmp_path, way):
    if ways.unavailable(way):
        pytest.skip(ways.unavailable(way))
    site = tmp_path / "site-packages"
    site.mkdir()
    for name in ("lessonlib", "solutions"):
        subprocess.run(["cp", "-r", str(ROOT / name), str(site)], check=True)
    program = (
        "from lessonlib.grading import ways, libraries\n"
        f"assert {str(site)!r} in libraries.__file__\n"
        f"assert len(libraries.hidden(libraries.readable())) >= 2\n"
        f"print(repr(ways.unavailable({way!r})))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert said.stdout.strip() == "''", said.stdout + said.stderr
