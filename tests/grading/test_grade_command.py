"""`lessonlib grade` as an instructor uses it: the contract's report, and what goes wrong."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import attack_world
import pytest
from typer.testing import CliRunner

from lessonlib.grading import checks, cli, cli_grade, cluster, ways
from lessonlib.grading.discover import Submission
from lessonlib.grading.journal import deaths
from lessonlib.grading.sandbox import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing confines here")

SECRET = 123456.0
BEST = attack_world.HONEST.replace("return 0.0", f"return {SECRET}")
KEYS = {"submission", "exercise", "status", "score", "max_score", "seconds", "criteria"}
PART_KEYS = {"id", "title", "points", "max_points", "passed", "message"}

cli.app.command("grade")(cli_grade.grade)


@pytest.fixture
def target(monkeypatch):
    exercise = attack_world.target(SECRET)
    monkeypatch.setattr(checks, "EXERCISES", {"Target": exercise, "Other": exercise})


@pytest.fixture
def grade(target, tmp_path):
    """Run the command in this process; return its status and its report."""

    def run(*arguments, **options):
        report = tmp_path / "report.json"
        command = ["grade", *map(str, arguments), "--json", str(report)]
        result = CliRunner().invoke(cli.app, command, **options)
        text = json.loads(report.read_text()) if report.exists() else None
        return result, text

    return run


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "submissions"
    made.mkdir()

    def write(**files):
        for name, text in files.items():
            (made / f"{name}.py").write_text(text)
        return made

    return write


def by_name(report):
    return {os.path.basename(each["submission"]): each for each in report["results"]}


def test_report_is_the_contracts(grade, folder):
    top = folder(best=BEST, half=attack_world.HONEST)
    result, report = grade(top, "--seed", 7)
    assert result.exit_code == 0
    assert (report["version"], report["seed"]) == (1, 7)
    assert report["confinement"] in ways.WAYS
    for each in report["results"]:
        assert set(each) >= KEYS
        assert each["submission"].startswith(str(top))
        for part in each["criteria"]:
            assert set(part) == PART_KEYS
            assert part["points"] == part["max_points"] * part["passed"]
            assert bool(part["message"]) != part["passed"]
        assert each["score"] == sum(part["points"] for part in each["criteria"])
    best, half = by_name(report)["best.py"], by_name(report)["half.py"]
    assert (best["status"], best["score"], best["max_score"]) == ("graded", 2.0, 2.0)
    assert (half["status"], half["score"]) == ("graded", 1.0)
    assert [part["id"] for part in half["criteria"] if not part["passed"]] == ["b"]


def test_every_kind_of_outcome_has_its_status(grade, folder, tmp_path):
    top = folder(
        best=BEST,
        none="x = 1",
        several="class Target: pass\nclass Other: pass",
        syntax="class Target:\n  def (",
        name="class Target: pass\nnot_there",
        exits="class Target: pass\nraise SystemExit(0)",
        imports="import solutions.x\nclass Target: pass",
        loops="class Target: pass\nwhile True: pass",
        eats="class Target: pass\nx = bytearray(10**9)",
        dies="class Target: pass\nimport os\nos.kill(os.getpid(), 9)",
        pandas="import pandas_is_not_there\nclass Target: pass",
    )
    (top / "link.py").symlink_to("/etc/passwd")
    (top / "junk.py").write_bytes(random.Random(1).randbytes(3000))
    (top / "book.ipynb").write_text("{}")
    result, report = grade(top, "--timeout", 1, "--memory", 300)
    assert result.exit_code == 0
    found = by_name(report)
    statuses = {name: each["status"] for name, each in found.items()}
    assert statuses == {
        "best.py": "graded",
        "none.py": "error",
        "several.py": "error",
        "syntax.py": "error",
        "name.py": "error",
        "exits.py": "error",
        "imports.py": "forbidden",
        "loops.py": "timeout",
        "eats.py": "memory",
        "dies.py": "crashed",
        "pandas.py": "error",
        "link.py": "forbidden",
        "junk.py": "error",
        "book.ipynb": "error",
    }
    for name, each in found.items():
        assert (each["score"] > 0) == (name == "best.py")
        assert each["message"] or name == "best.py"
    for name in ("none.py", "several.py", "link.py", "junk.py"):
        assert found[name]["exercise"] is None
        assert found[name]["criteria"] == []
    for name, last_line in (
        ("syntax.py", "SyntaxError"),
        ("name.py", "NameError: name 'not_there' is not defined"),
        ("pandas.py", "ModuleNotFoundError: No module named 'pandas_is_not_there'"),
        ("imports.py", "must be your own"),
    ):
        assert found[name]["exercise"] == "Target"
        assert found[name]["max_score"] == 2.0
        assert all(last_line in part["message"] for part in found[name]["criteria"])
    assert "root:" not in json.dumps(found["link.py"])


PICTURE = "A" * 60_000_000
BOMBS = {
    "brackets.py": b"x = " + b"(" * 100_000,
    "signs.py": b"x = " + b"-" * 500_000 + b"1",
    "dots.py": b"x = a" + b".b" * 500_000,
    "calls.py": b"x = a" + b"()" * 500_000,
    "decorators.py": b"@f\n" * 500_000 + b"class Target: pass",
    "nested.ipynb": b'{"cells": ' + b"[" * 5_000_000,
    "lists.ipynb": b'{"cells": [' + b"[]," * 20_000_000 + b"[]]}",
    "cells.ipynb": b'{"cells": [' + b'{"cell_type": "code", "source": ""},' * 1_600_000 + b"{}]}",
    "empty.py": b"",
    "empty.ipynb": b"",
}


def test_parser_bombs_and_60_mb_notebooks_cost_only_themselves(grade, tmp_path):
    top = tmp_path / "submissions"
    top.mkdir()
    cell = {"cell_type": "code", "source": BEST, "outputs": [{"data": {"image/png": PICTURE}}]}
    book = json.dumps({"cells": [cell], "nbformat": 4, "metadata": {}})
    (top / "pictures.ipynb").write_text(book)
    for name, data in BOMBS.items():
        (top / name).write_bytes(data)
    result, report = grade(top, "--timeout", 20, "--memory", 500)
    assert result.exit_code == 0
    found = by_name(report)
    assert (found["pictures.ipynb"]["status"], found["pictures.ipynb"]["score"]) == ("graded", 2.0)
    for name in BOMBS:
        assert found[name]["status"] in ("error", "memory", "crashed", "timeout"), found[name]
        assert found[name]["score"] == 0.0
        assert found[name]["message"]


def test_a_named_exercise_settles_which_class(grade, folder):
    top = folder(several=BEST + "class Other: pass", none="x = 1")
    _, report = grade(top, "--exercise", "target")
    assert by_name(report)["several.py"]["score"] == 2.0
    assert by_name(report)["none.py"]["exercise"] is None


def test_one_part_in_trouble_does_not_fail_the_others(grade, folder):
    loop = "while True: pass"
    trouble = {
        "timeout": loop,
        "crashed": "import os; os._exit(0)",
        "memory": "return bytearray(10**10)",
        "graded": "return 1 / 0",
    }
    top = folder(**{name: BEST.replace("return x ** 2", do) for name, do in trouble.items()})
    _, report = grade(top, "--timeout", 2, "--memory", 300)
    for name in trouble:
        each = by_name(report)[f"{name}.py"]
        assert each["status"] == name
        assert [part["passed"] for part in each["criteria"]] == [False, True]


def test_the_seed_decides_everything(grade, folder):
    noisy = "class Target:\n  def square(self, x): raise ValueError(repr(x.tolist()))\n"
    top = folder(noisy=noisy)

    def said(*options):
        _, report = grade(top, *options)
        return report["seed"], by_name(report)["noisy.py"]["criteria"][0]["message"]

    seed, message = said()
    assert said("--seed", seed) == (seed, message)
    assert said("--seed", seed + 1)[1] != message
    # Neither other submissions nor their order matter.
    folder(another=BEST)
    assert said("--seed", seed, "--jobs", 1) == (seed, message)


@pytest.mark.parametrize(
    "arguments",
    [
        ["gone.py"],
        [],
        ["--jobs", "0", "."],
        ["--exercise", "Nothing", "."],
        ["--confine", "hope", "."],
        ["--confine", "sandlock", "--trust", "."],
        ["--roster", "gone.csv", "."],
        ["--timeout", "-1", "."],
        ["--moodle", "gone/moodle.csv", "."],
    ],
)
def test_a_wrong_call_has_status_2(grade, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result, _ = grade(*arguments)
    assert result.exit_code == 2


def test_without_confinement_nothing_of_strangers_runs(grade, folder, tmp_path, monkeypatch):
    marker = tmp_path / "ran"
    top = folder(a=f"class Target: pass\nopen({str(marker)!r}, 'w')")
    monkeypatch.setattr(ways, "lacking", lambda way: "it is out of order")
    result, report = grade(top)
    assert result.exit_code == 2
    assert report is None
    assert not marker.exists()
    for words in ("sandlock: it is out of order", "bubblewrap: it", "container", "--trust"):
        assert words in result.output
    result, report = grade(top, "--trust")
    assert result.exit_code == 0
    assert report["confinement"] == "none"
    assert marker.exists()


@pytest.mark.parametrize("way", ways.WAYS)
def test_a_launcher_killed_in_mid_batch_costs_one_submission(target, way):
    if ways.unavailable(way):
        pytest.skip(ways.unavailable(way))
    plan = cluster.Plan(1, Limits(10.0), way)
    slow = "import time\n" + BEST.replace("return x ** 2", "time.sleep(5); return x ** 2")
    done = {}

    def run():
        for name, text in (("first", BEST), ("slow", slow), ("last", BEST)):
            done[name] = cluster.task(Submission(f"{name}.py", text.encode()), plan)["result"]

    thread = threading.Thread(target=run)
    thread.start()
    while "first" not in done:
        time.sleep(0.01)
    time.sleep(0.5)
    (slot,) = [each for each in cluster._all if each.plan == plan]
    os.killpg(slot._running._process.pid, signal.SIGKILL)
    thread.join(60)
    assert done["slow"]["status"] == "crashed"
    assert done["first"]["score"] == done["last"]["score"] == 2.0
    assert done["last"]["status"] == "graded"


ORPHAN = """
import sys
sys.path.insert(0, {tests!r})
from lessonlib.grading import sandbox, remote
launcher = sandbox.Launcher({way!r}, sandbox.Limits(60.0))
with remote.ConfinedRemote(lambda: launcher, b"class A: pass", ".py") as child:
    child.run("A")
    print("running", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("way", [*ways.WAYS, "none"])
def test_a_grader_that_is_killed_leaves_nothing_behind(way):
    if way != "none" and ways.unavailable(way):
        pytest.skip(ways.unavailable(way))
    program = ORPHAN.format(tests=str(attack_world.HERE), way=way)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"running\n"
    family = descendants(process.pid)
    assert len(family) >= 2
    process.kill()
    process.communicate()
    until = time.monotonic() + 5
    while any(os.path.exists(f"/proc/{pid}") for pid in family) and time.monotonic() < until:
        time.sleep(0.02)
    assert [pid for pid in family if os.path.exists(f"/proc/{pid}")] == []


def descendants(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        own = [int(child) for child in file.read().split()]
    return own + [each for child in own for each in descendants(child)]


def test_nothing_is_left_running(grade, folder):
    top = folder(**{f"s{i}": BEST for i in range(3)})
    before = children()
    grade(top, "--jobs", 2)
    cluster.close()
    assert children() <= before


def children():
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == os.getpid():
                    found.add(int(pid))
        except OSError:
            continue
    return found


CUT = """
import os, signal, sys
# Started in the background of a shell, this whole test is deaf to SIGINT, and so is its child.
signal.signal(signal.SIGINT, signal.{sigint})
sys.path.insert(0, {tests!r})
import attack_world
from lessonlib.grading import checks, cli
checks.EXERCISES = {{"Target": attack_world.target({secret})}}
sys.argv = ["lessonlib", "grade", "--seed", "3", *sys.argv[1:]]
cli.main()
"""


def test_interrupted_and_resumed_nothing_is_done_twice(folder, tmp_path):
    slow = BEST + "import time; time.sleep(0.4)\n"
    top = folder(**{f"s{i}": slow for i in range(20)})
    report = tmp_path / "report.json"
    program = CUT.format(tests=str(attack_world.HERE), secret=SECRET, sigint="default_int_handler")
    command = [sys.executable, "-c", program, str(top), "--json", str(report), "--jobs", "1"]

    def results():
        return json.loads(report.read_text())["results"] if report.exists() else []

    def start():
        return subprocess.Popen(
            command + (["--resume"] if report.exists() else []),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    # Killed without a word: what was known is on disk, whole.
    process = start()
    while len(results()) < 2 and process.poll() is None:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    known = {each["submission"]: each for each in results()}
    assert 2 <= len(known) < 20
    # Asked to end: the report is written, and the status says so.
    process = start()
    while len(results()) < len(known) + 1 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate()
    assert process.returncode == 130, output
    assert b"--resume" in output
    # One of the files has changed since: that one is graded anew.
    changed = next(iter(known))
    with open(changed, "a") as file:
        file.write("# changed\n")
    process = start()
    output, _ = process.communicate()
    assert process.returncode == 0, output
    final = {each["submission"]: each for each in results()}
    assert len(final) == 20
    assert all(each["score"] == 2.0 for each in final.values())
    for name, each in known.items():
        assert (final[name] == each) == (name != changed)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "submissions"]


DEADLY = """
import os, signal, sys
sys.path.insert(0, {tests!r})
import attack_world
from lessonlib.grading import checks, cli, cluster
checks.EXERCISES = {{"Target": attack_world.target({secret})}}
task = cluster.task

def deadly(submission, plan):
    if b"deadly" in submission.data:
        os.kill(os.getpid(), signal.SIGKILL)
    return task(submission, plan)

cluster.task = deadly
sys.argv = ["lessonlib", "grade", *sys.argv[1:]]
cli.main()
"""


def test_a_file_that_ends_the_run_twice_is_set_aside(folder, tmp_path):
    top = folder(**{f"s{i}": BEST for i in range(6)}, s2x="# deadly\n" + BEST)
    report = tmp_path / "report.json"
    program = DEADLY.format(tests=str(attack_world.HERE), secret=SECRET)
    command = [sys.executable, "-c", program, str(top), "--json", str(report), "--seed", "4"]
    command += ["--jobs", "2"]
    ends = [subprocess.run(command, capture_output=True).returncode]
    for _ in range(2):
        ends.append(subprocess.run([*command, "--resume"], capture_output=True).returncode)
    assert ends == [-9, -9, 0]
    written = json.loads(report.read_text())
    assert written["seed"] == 4
    found = by_name(written)
    assert len(found) == 7
    aside = found.pop("s2x.py")
    assert (aside["status"], aside["score"], aside["exercise"]) == ("crashed", 0.0, "Target")
    assert "set aside" in aside["message"]
    assert all(each["score"] == 2.0 for each in found.values())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "submissions"]
    # Mended, it is graded like any other.
    (top / "s2x.py").write_text(BEST)
    assert subprocess.run([*command, "--resume"], capture_output=True).returncode == 0
    assert by_name(json.loads(report.read_text()))["s2x.py"]["score"] == 2.0


def test_names_that_are_no_text_are_set_aside_and_cleared_too(folder, tmp_path):
    top = folder()
    for name, text in ((b"a \xff.py", BEST), (b"z \xfe.py", "# deadly\n" + BEST)):
        with open(os.path.join(os.fsencode(top), name), "w") as file:
            file.write(text)
    report = tmp_path / "report.json"
    program = DEADLY.format(tests=str(attack_world.HERE), secret=SECRET)
    command = [sys.executable, "-c", program, str(top), "--json", str(report), "--seed", "4"]
    command += ["--jobs", "1", "--resume"]

    def run(*options):
        return subprocess.run([*command, *options], capture_output=True).returncode

    assert [run(), run()] == [-9, -9]
    # The first has its result, so nothing is left of its having been begun.
    assert [(name, n) for (name, _), n in deaths(report).items()] == [(f"{top}/z \\udcfe.py", 2)]
    assert run() == 0
    results = json.loads(report.read_text())["results"]
    assert [(each["submission"], each["status"]) for each in results] == [
        (f"{top}/a \\udcff.py", "graded"),
        (f"{top}/z \\udcfe.py", "crashed"),
    ]
    # What was set aside had no limits that could be raised.
    assert run("--timeout", "60", "--memory", "2000") == 0
    assert json.loads(report.read_text())["results"] == results
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.json", "submissions"]


def test_a_background_job_that_is_asked_to_end_writes_its_report(folder, tmp_path):
    top = folder(**{f"s{i}": BEST + "import time; time.sleep(0.4)\n" for i in range(20)})
    report = tmp_path / "report.json"
    program = CUT.format(tests=str(attack_world.HERE), secret=SECRET, sigint="SIG_IGN")
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(top), "--json", str(report), "--jobs", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    while not report.exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate()
    assert process.returncode == 130, output
    assert 1 <= len(json.loads(report.read_text())["results"]) < 20


def test_resume_needs_a_report_of_the_same_seed(grade, folder, tmp_path):
    top = folder(a=BEST)
    grade(top, "--seed", 5)
    result, report = grade(top, "--resume")
    assert result.exit_code == 0
    assert report["seed"] == 5
    assert grade(top, "--resume", "--seed", 6)[0].exit_code == 2
    assert CliRunner().invoke(cli.app, ["grade", str(top), "--resume"]).exit_code == 2
    (tmp_path / "report.json").write_text("[]")
    assert (
        CliRunner()
        .invoke(cli.app, ["grade", str(top), "--resume", "--json", str(tmp_path / "report.json")])
        .exit_code
        == 2
    )


def test_a_raised_limit_is_tried_again_and_nothing_else(grade, folder):
    busy = "import time\nwhile time.process_time() < 2: pass\n"
    top = folder(best=BEST, slow=busy + BEST, large="x = bytearray(500 * 10**6)\n" + BEST)

    def run(*options):
        _, report = grade(top, "--timeout", 0.5, "--memory", 200, *options)
        return {each["submission"].rpartition("/")[2]: each for each in report["results"]}

    first = run()
    assert [first[f"{name}.py"]["status"] for name in ("best", "slow", "large")] == [
        *("graded", "timeout", "memory")
    ]
    assert run("--resume") == first
    longer = run("--resume", "--timeout", 60)
    assert (longer["slow.py"]["status"], longer["slow.py"]["score"]) == ("graded", 2.0)
    assert longer["best.py"] == first["best.py"]
    assert longer["large.py"]["status"] == "memory"
    larger = run("--resume", "--timeout", 60, "--memory", 1024)
    assert (larger["large.py"]["status"], larger["large.py"]["score"]) == ("graded", 2.0)
    assert larger["slow.py"] == longer["slow.py"]
    assert run("--resume") == larger


def test_an_exercise_named_on_resuming_is_graded_as_it(grade, folder):
    top = folder(several=BEST + "class Other: pass", best=BEST)
    _, report = grade(top)
    first = by_name(report)
    assert first["several.py"]["status"] == "error"
    _, report = grade(top, "--resume", "--exercise", "target")
    assert by_name(report)["several.py"]["score"] == 2.0
    assert by_name(report)["best.py"] == first["best.py"]


def test_copies_are_no_rows_and_said(grade, folder, tmp_path):
    top = folder(best=BEST)
    (top / ".ipynb_checkpoints").mkdir()
    (top / ".ipynb_checkpoints" / "best-checkpoint.ipynb").write_text("{}")
    page = tmp_path / "page.html"
    result, report = grade(top, "--html", page)
    assert [os.path.basename(each["submission"]) for each in report["results"]] == ["best.py"]
    for said in (result.output, page.read_text()):
        assert "passed over: 1 × .ipynb_checkpoints" in " ".join(said.split())


def test_a_roster_that_lists_nobody_stops_before_grading(grade, folder, tmp_path):
    (tmp_path / "roster.csv").write_text("file,id\n")
    result, report = grade(folder(ann=BEST), "--roster", tmp_path / "roster.csv")
    assert (result.exit_code, report) == (2, None)
    assert "lists nobody" in " ".join(result.output.split())


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are no text")
def test_names_that_are_no_text_are_graded_reported_and_gone_on_from(grade, tmp_path):
    top = os.fsencode(tmp_path) + b"/submissions"
    os.mkdir(top)
    for name in (b"\xff\x1b[31m\xe2\x80\xae.py", b"\xfe\n=1.py"):
        with open(top + b"/" + name, "w") as file:
            file.write(BEST)
    places = {name: tmp_path / f"{name}.out" for name in ("csv", "html", "moodle", "junit")}
    options = [word for name, path in places.items() for word in (f"--{name}", path)]
    result, report = grade(tmp_path / "submissions", *options)
    assert result.exit_code == 0, result.output
    assert [each["score"] for each in report["results"]] == [2.0, 2.0]
    for text in (result.output, *(path.read_text("utf-8") for path in places.values())):
        assert not {"\x1b", "\u202e"} & set(text)
    again, resumed = grade(tmp_path / "submissions", "--resume")
    assert again.exit_code == 0
    assert resumed == report


def test_a_cluster_far_away_gives_the_same_results(tmp_path):
    from distributed import LocalCluster

    solution = attack_world.HERE.parents[1] / "solutions" / "face_aligner.py"
    here, there = tmp_path / "here.json", tmp_path / "there.json"
    common = ["grade", str(solution), "--seed", "3", "--json"]
    assert CliRunner().invoke(cli.app, [*common, str(here)]).exit_code == 0
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as far:
        address = ["--scheduler", far.scheduler_address]
        result = CliRunner().invoke(cli.app, [*common, str(there), *address])
    assert result.exit_code == 0, result.output
    reports = [json.loads(path.read_text()) for path in (here, there)]
    for report in reports:
        for each in report["results"]:
            each["seconds"] = 0
    assert reports[0] == reports[1]
    assert reports[0]["results"][0]["score"] > 0


def test_no_scheduler_there_is_a_wrong_call(grade, folder, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT", 0.5)
    result, _ = grade(folder(a=BEST), "--scheduler", "tcp://127.0.0.1:1")
    assert result.exit_code == 2


def test_every_report_is_written_where_it_is_asked_for(grade, folder, tmp_path):
    top = folder(ann=BEST, ben=attack_world.HONEST, who=BEST)
    (tmp_path / "roster.csv").write_text("file,id\nann,s1\nben.py,s2\n")
    kinds = ("csv", "html", "moodle", "canvas", "junit")
    places = {name: tmp_path / f"{name}.out" for name in kinds}
    options = [word for name, path in places.items() for word in (f"--{name}", path)]
    options += ["--gradescope", tmp_path / "scope", "--roster", tmp_path / "roster.csv"]
    result, _ = grade(top, *options)
    assert result.exit_code == 0
    texts = {name: path.read_text() for name, path in places.items()}
    assert "s1" in texts["csv"]
    assert texts["html"].startswith("<!doctype html>")
    assert "s1,,2.0" in texts["moodle"]
    assert "SIS User ID" in texts["canvas"]
    assert texts["junit"].count("<testsuite ") == 3
    assert len(list((tmp_path / "scope").glob("*/results.json"))) == 3
    assert "in no gradebook" in result.output
    assert "(not in the roster)" in " ".join(result.output.split())
    assert "who.py" in result.output
    assert "ann.py" in texts["html"]
    assert "who.py (not in the roster)" in texts["html"]


@pytest.mark.parametrize("way", ways.WAYS)
def test_right_answers_in_any_style_pass_when_confined(tmp_path, way):
    if ways.unavailable(way):
        pytest.skip(ways.unavailable(way))
    report = tmp_path / "report.json"
    right = sorted((attack_world.HERE / "submissions").glob("*/correct_*.py"))
    right = [path for path in right if path.stem[8:] not in ("loops", "own_smote", "plain_python")]
    right += sorted((attack_world.HERE.parents[1] / "solutions").glob("[!_]*.py"))
    command = ["grade", *map(str, right), "--confine", way, "--json", str(report)]
    result = CliRunner().invoke(cli.app, command)
    assert result.exit_code == 0, result.output
    wrong = [
        each
        for each in json.loads(report.read_text())["results"]
        if each["score"] != each["max_score"] or each["status"] != "graded"
    ]
    assert wrong == []


def test_a_notebook_may_keep_its_check_cell_and_sees_nothing_else_of_ours(grade, tmp_path):
    top = tmp_path / "submissions"
    top.mkdir()
    cells = [
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nimport lessonlib.grading",
        "from lessonlib.grading import check\n" + BEST,
        "assert check(Target).score == 0\ndisplay(Target())\nplt.figure(); plt.show()",
        "get_ipython().run_line_magic('time', 'pass')",
    ]
    made = [{"cell_type": "code", "source": text} for text in cells]
    (top / "book.ipynb").write_text(json.dumps({"cells": made}))
    late = "    def square(self, x):\n        return __import__('lesson' + 'lib.faces')\n"
    (top / "late.py").write_text("class Target:\n" + late)
    attribute = late.replace("__import__('lesson' + 'lib.faces')", "__import__('lessonlib').faces")
    (top / "attribute.py").write_text("class Target:\n" + attribute)
    _, report = grade(top)
    found = by_name(report)
    assert (found["book.ipynb"]["status"], found["book.ipynb"]["score"]) == ("graded", 2.0)
    said = found["late.py"]["criteria"][0]["message"]
    assert "'lessonlib.faces' is not there while a submission is graded" in said
    assert "no attribute 'faces'" in found["attribute.py"]["criteria"][0]["message"]
