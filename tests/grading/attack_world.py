"""What attacks are aimed at, an exercise to cheat in, and a runner that has no defences.

Every file of ``attacks/`` is a submission. Its docstring says, after a first line of prose:

``Wins:`` what the attack gains where nothing stops it, as `Loot` finds it: ``score``, ``files``,
``network``, ``victim``, ``survivor``, ``breach`` (it says so itself), ``leak`` (of the token) or
``stop`` (the run does not come to its end). ``nothing`` where trying it without a defence would do
harm to the machine, with the reason.

``Status:`` what the grader must report, one of several words.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from lessonlib.grading import compare
from lessonlib.grading.exercise import Criterion, Exercise, Mistake

HERE = Path(__file__).parent
_AIMS = ("root", "solution", "checks", "canary", "classmate", "unix", "abstract", "marker")
_ELSEWHERE = ("/tmp", "/var/tmp", "/dev/shm", "/dev", "/run", "/")
ATTACKS = sorted((HERE / "attacks").glob("*.py"))

HONEST = """\
class Target:
    def square(self, x):
        return x ** 2
    def secret(self):
        return 0.0
"""


def target(secret: float) -> Exercise:
    """An exercise whose second part nobody can solve: only the checks know the number."""

    def square(remote, rng):
        x = rng.normal(size=(3, 4))
        called = "square(x)"
        got = compare.as_array(remote.call("square", x).value, called, x.shape)
        compare.expect_same(got, x**2, called)

    def unknown(remote, rng):
        got = compare.as_number(remote.call("secret").value, "secret()")
        if got != secret:
            raise Mistake("secret()", compare.shown(got), "the number")

    criteria = (Criterion("a", "squares", 1.0, square), Criterion("b", "knows", 1.0, unknown))
    return Exercise("Target", "A target", "none", criteria)


@dataclass
class World:
    """A folder with everything worth stealing or breaking, and listeners that note any visit."""

    root: Path
    token: str = field(init=False)

    def __post_init__(self):
        draws = random.Random(str(self.root))  # another one for each test, which has its own folder
        self.token = "TOKEN" + draws.randbytes(8).hex()
        self.secret = float(draws.randrange(10**9))
        self.submissions = self.root / "submissions"
        for folder in ("submissions", "solutions", "checks", "home"):
            (self.root / folder).mkdir(parents=True)
        answer = HONEST.replace("return 0.0", f"return {self.secret}")
        (self.root / "solutions" / "__init__.py").touch()
        self.solution = self.root / "solutions" / "target.py"
        self.solution.write_text(f'"""{self.token}"""\n{answer}')
        self.checks = self.root / "checks" / "target.py"
        self.checks.write_text(f'SECRET = {self.secret}\nNOTE = "{self.token}"\n')
        self.classmate = self.submissions / "classmate.py"
        self.classmate.write_text(f'"""{self.token}"""\n{answer}')
        self.canary = self.root / "home" / "canary.txt"
        self.canary.write_text("untouched")
        self.visits: list[str] = []
        self._sockets = self._listen()
        self.victim = subprocess.Popen(
            [sys.executable, "-S", "-c", "import time\nwhile True: time.sleep(0.05)"],
            env={"TOKEN": self.token, "PATH": os.environ["PATH"]},
        )
        self._before = self.state()

    def _listen(self) -> dict[str, socket.socket]:
        unix_path = str(self.root / "s")
        self.abstract = f"attack-{os.getpid()}-{id(self)}"
        sockets = {
            "tcp": socket.create_server(("127.0.0.1", 0)),
            "udp": socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
            "unix": socket.socket(socket.AF_UNIX),
            "abstract": socket.socket(socket.AF_UNIX),
        }
        sockets["udp"].bind(("127.0.0.1", 0))
        sockets["unix"].bind(unix_path)
        sockets["abstract"].bind("\0" + self.abstract)
        for kind in ("unix", "abstract"):
            sockets[kind].listen()
        self.unix = unix_path
        self.tcp, self.udp = (sockets[kind].getsockname()[1] for kind in ("tcp", "udp"))
        for each in sockets.values():
            each.setblocking(False)
        return sockets

    def source(self, attack: Path) -> str:
        """An attack's source, and before it a line with what it aims at."""
        aims = {"VICTIM": self.victim.pid, "GRADER": os.getpid(), "TCP": self.tcp, "UDP": self.udp}
        aims |= {name.upper(): str(getattr(self, name)) for name in _AIMS}
        line = "; ".join(f"{name} = {value!r}" for name, value in aims.items())
        return f"{line}\n{attack.read_text('utf-8')}"

    @property
    def marker(self) -> str:
        """A word that survivors and stray files carry in their names."""
        return "marker" + self.token[5:]

    def state(self) -> dict[str, object]:
        """All that an attack must leave alone."""
        files = {}
        for path in sorted(self.root.rglob("*")):
            about = path.lstat()
            content = path.read_bytes() if path.is_file() else b""
            attributes = os.listxattr(path, follow_symlinks=False)
            where = str(path.relative_to(self.root))
            kept = (about.st_mode, about.st_uid, about.st_mtime_ns, content, attributes)
            files[where] = kept if where not in ("submissions", "s") else ()
        pid = self.victim.pid
        stat = Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()
        victim = (
            "T" if stat[0] in "Tt" else "running",
            os.getpriority(os.PRIO_PROCESS, pid),
            Path(f"/proc/{pid}/limits").read_text(),
            os.sched_getaffinity(pid),
        )
        return {"files": files, "victim": victim if stat[0] != "Z" else "dead"}

    def loot(self) -> set[str]:
        """What the attack has changed out here."""
        found = set()
        for kind, each in self._sockets.items():
            with contextlib.suppress(BlockingIOError):
                each.recvfrom(10) if kind == "udp" else each.accept()
                found.add("network")
        now = self.state()
        found |= {kind for kind, value in now.items() if value != self._before[kind]}
        for folder in (*_ELSEWHERE, str(Path.home()), os.getcwd()):
            for path in Path(folder).glob(f"*{self.marker}*"):
                found.add("files")
                path.unlink()
        if self.survivors():
            found.add("survivor")
        return found

    def survivors(self) -> list[int]:
        """Processes that carry the marker on their command line."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = path.read_bytes()
                if self.marker.encode() in words and b"naive.py" not in words:
                    found.append(int(path.parent.name))
        return found

    def close(self) -> None:
        """End everything of this world."""
        for pid in self.survivors():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.victim.kill()
        self.victim.wait()
        for each in self._sockets.values():
            each.close()


def demand(attack: Path, word: str) -> set[str]:
    """What an attack's docstring says under a word."""
    (found,) = re.findall(rf"^{word}: ([a-z, ]+)", attack.read_text("utf-8"), re.MULTILINE)
    return {each.strip() for each in found.split(",")}


def unprotected(world: World, attack: Path, seconds: float = 5.0) -> set[str]:
    """Run an attack as a grader without defences would, and say what it got."""
    path = world.submissions / f"{world.marker}.py"
    path.write_text(world.source(attack))
    results = world.root / "results.json"
    output = world.root.parent / f"{world.root.name}.out"
    command = [sys.executable, str(HERE / "naive.py"), str(path), str(results), str(world.secret)]
    with output.open("wb") as said:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            cwd=world.root,
            env={**os.environ, "TOKEN": world.token, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    time.sleep(0.3)  # for what the attack left behind
    text = output.read_bytes()[-20000:].decode("utf-8", "replace")
    text += results.read_text("utf-8", "replace") if results.exists() else ""
    got = set()
    if not results.exists():
        got.add("stop")
    if re.search(r'"score": [1-9]', text):
        got.add("score")
    got |= {word for word, sign in (("breach", "BREACH"), ("leak", world.token)) if sign in text}
    with contextlib.suppress(FileNotFoundError):
        results.unlink()
    path.unlink(missing_ok=True)
    return got | world.loot()
