"""Binder, Colab, the dev container and the image: one address, one list of pins, one Python.

No Docker is needed here: what the files say is held against each other and against the schemas
that their readers publish. Their commands are run where an image is built.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

import elsewhere  # noqa: E402

IMAGE = ROOT / ".devcontainer" / "Dockerfile"
DEVCONTAINER = ROOT / ".devcontainer" / "devcontainer.json"
GRADER = ROOT / "lessonlib" / "grading" / "Dockerfile"
BINDER = ROOT / ".binder"
FILES = [IMAGE, DEVCONTAINER, GRADER, *sorted(BINDER.iterdir())]
#: A host that one of the files may name: public, and meant.
HOSTS = {"download.pytorch.org"}

# What we use of schemas/devContainer.base.schema.json in https://github.com/devcontainers/spec,
# which allows nothing beside what it names.
SCHEMA = {
    "type": "object",
    "required": ["build"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "build": {
            "type": "object",
            "required": ["dockerfile"],
            "additionalProperties": False,
            "properties": {"dockerfile": {"type": "string"}, "context": {"type": "string"}},
        },
        "remoteUser": {"type": "string"},
        "hostRequirements": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "cpus": {"type": "integer", "minimum": 1},
                "memory": {"type": "string", "pattern": r"^\d+([tgmk]b)?$"},
                "storage": {"type": "string", "pattern": r"^\d+([tgmk]b)?$"},
            },
        },
        "postCreateCommand": {"type": ["string", "array", "object"]},
        "forwardPorts": {"type": "array", "items": {"type": "integer", "maximum": 65535}},
        "portsAttributes": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "label": {"type": "string"},
                    "onAutoForward": {"enum": ["notify", "openBrowser", "silent", "ignore"]},
                },
            },
        },
        "customizations": {"type": "object"},
    },
}


def steps(dockerfile: Path) -> list[tuple[str, str]]:
    """A Dockerfile's instructions, continued lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text("utf-8"), flags=re.M)
    lines = re.sub(r"\\\n\s*", " ", text).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line.strip()]


def said(dockerfile: Path, instruction: str) -> list[str]:
    return [rest for name, rest in steps(dockerfile) if name == instruction]


def section(name: str) -> set[str]:
    """The packages of one section of requirements.txt, in lower case and without versions."""
    text = (ROOT / "requirements.txt").read_text("utf-8")
    (body,) = re.findall(rf"^# --- {name} ---\n(.*?)(?=^# ---|\Z)", text, re.M | re.S)
    return {bare(line) for line in body.splitlines() if line.strip()}


def bare(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_the_dev_container_keeps_to_its_schema():
    config = json.loads(DEVCONTAINER.read_text("utf-8"))
    jsonschema.validate(config, SCHEMA)
    folder = DEVCONTAINER.parent
    assert (folder / config["build"]["dockerfile"]).resolve() == IMAGE
    assert (folder / config["build"]["context"]).resolve() == ROOT


def test_the_dev_container_uses_the_image_as_it_is():
    config = json.loads(DEVCONTAINER.read_text("utf-8"))
    (user,) = said(IMAGE, "USER")
    assert config["remoteUser"] == user != "root"
    assert f"useradd --create-home --uid 1000 --shell /bin/bash {user}" in said(IMAGE, "RUN")[0]
    (environment,) = said(IMAGE, "ENV")
    venv = dict(word.split("=", 1) for word in shlex.split(environment))["COURSE_VENV"]
    interpreter = config["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert interpreter == f"{venv}/bin/python"
    (port,) = said(IMAGE, "EXPOSE")
    assert config["forwardPorts"] == [int(port)]


def test_one_python_everywhere():
    bases = {said(path, "FROM")[0] for path in (IMAGE, GRADER)}
    (base,) = bases
    version = re.fullmatch(r"python:(3\.\d+)-slim-\w+", base)[1]  # Python's and Debian's release
    assert (BINDER / "runtime.txt").read_text("utf-8").strip() == f"python-{version}"
    with open(ROOT / "pyproject.toml", "rb") as file:
        lowest = tomllib.load(file)["project"]["requires-python"].removeprefix(">=")
    assert tuple(map(int, version.split("."))) >= tuple(map(int, lowest.split(".")))


def test_one_list_of_pins():
    for path in FILES:
        assert not re.search(r"\w[=~><]=\s*\d", path.read_text("utf-8")), f"{path} pins something"
    lines = (BINDER / "requirements.txt").read_text("utf-8").splitlines()
    options = [line for line in lines if not line.startswith("#")]
    assert options == [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "-r ../requirements.txt",
        "-c ../constraints.txt",
    ]
    assert any("pip install --no-cache-dir -r .binder/requirements.txt" in run for run in runs())
    # a constraint on a local version would keep the CPU build out
    assert not re.search(r"^torch(vision)?==.*\+", (ROOT / "constraints.txt").read_text(), re.M)


def runs() -> list[str]:
    return said(IMAGE, "RUN")


def test_pip_reads_binders_list():
    """pip itself parses the nested files; what it resolves needs a network and is not asked."""
    code = (
        "import sys; from pip._internal.req.req_file import parse_requirements; "
        "from pip._internal.network.session import PipSession; "
        "from pip._internal.index.package_finder import PackageFinder; "
        "rows = list(parse_requirements('.binder/requirements.txt', session=PipSession())); "
        "print(sum(not row.constraint for row in rows), sum(row.constraint for row in rows), "
        "[row.requirement for row in rows if row.is_editable])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    needed, constraints, editable = done.stdout.split(maxsplit=2)
    assert int(needed) > 40
    assert int(constraints) > 200
    assert editable.strip() == "['.']"  # counted from the working folder: the repository's root


@pytest.mark.parametrize("dockerfile", [IMAGE, GRADER], ids=["image", "grader"])
def test_what_is_copied_exists_and_is_not_ignored(dockerfile):
    ignored = (IMAGE.parent / "Dockerfile.dockerignore").read_text("utf-8").split()
    for copy in said(dockerfile, "COPY"):
        *sources, _ = [word for word in copy.split() if not word.startswith("--")]
        for source in sources:
            assert (ROOT / source).exists(), source
            assert source.split("/")[0] not in ignored


def test_the_image_has_what_an_editable_install_reads():
    """Before `pip install` everything is there that building lessonlib asks for."""
    before = steps(IMAGE)[: next(i for i, step in enumerate(steps(IMAGE)) if "pip" in step[1])]
    copied = {word.rstrip("/") for name, rest in before if name == "COPY" for word in rest.split()}
    with open(ROOT / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)
    included = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"])
    needed = {"pyproject.toml", project["project"]["readme"], "requirements.txt", *included}
    assert needed <= copied


def test_the_root_folder_of_what_is_made_is_ignored():
    made = (IMAGE.parent / "Dockerfile.dockerignore").read_text("utf-8").split()
    assert {".git", ".venv", "_build", ".bench"} <= set(made)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_private_place_is_named(path):
    text = path.read_text("utf-8")
    assert set(re.findall(r"https?://([\w.-]+)", text)) <= HOSTS
    assert not re.search(r"/(root|Users|mnt|srv|tmp)\b", text)
    home = set(re.findall(r"/home/(\w+)", text))
    assert home <= {"reader"}


def test_colab_installs_what_the_chapters_need():
    """The extra names what requirements.txt pins for computing, images and the tool."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        project = tomllib.load(file)["project"]
    core = {bare(each) for each in project["dependencies"]}
    extra = {bare(each) for each in project["optional-dependencies"]["chapters"]}
    pinned = section("computing") | section("real images, each inside a package")
    pinned |= section("the exercises' tool")
    assert extra - {"myst-nb"} <= pinned  # myst-nb comes with jupyter-book; chapters call its glue
    assert core - {"pillow"} <= pinned
    assert pinned <= core | extra
    cell = (ROOT / "book" / "_ext" / "copies" / "start.py").read_text("utf-8")
    assert cell.count("[chapters]") == 2  # on Colab by itself, elsewhere as a line to type


def configured(url: str, branch: str = "main", **buttons: str) -> dict:
    """The theme's options after the extension has seen them."""
    hubs = {"binderhub_url": "https://mybinder.org", "colab_url": "https://colab.example"}
    options = {"repository_url": url, "repository_branch": branch}
    config = SimpleNamespace(html_theme_options=options | {"launch_buttons": hubs | buttons})
    elsewhere.configure(None, config)
    return config.html_theme_options["launch_buttons"]


def test_without_an_address_there_are_no_buttons():
    assert configured("") == {}
    assert elsewhere.parse("", "") is None


def test_with_an_address_there_are():
    assert set(configured("https://github.com/owner/name")) == {"binderhub_url", "colab_url"}
    gitlab = configured("https://gitlab.com/owner/name", jupyterhub_url="https://hub.example")
    assert set(gitlab) == {"binderhub_url"}


@pytest.mark.parametrize(
    ("url", "branch", "named"),
    [
        ("https://example.org/owner/name", "main", "repository.url"),
        ("https://github.com/owner", "main", "repository.url"),
        ("https://github.com/owner/name/", "main", "repository.url"),
        ("https://github.com/owner/name.git", "main", "without .git"),
        ("https://github.com/owner/name", "", "repository.branch"),
    ],
)
def test_an_address_that_would_give_dead_links_is_refused(url, branch, named):
    with pytest.raises(Exception, match=re.escape(named)):
        elsewhere.parse(url, branch)


def test_links_are_what_the_services_expect():
    github = elsewhere.parse("https://github.com/owner/name", "a/branch")
    assert github.binder("https://mybinder.org/") == (
        "https://mybinder.org/v2/gh/owner/name/a%2Fbranch?urlpath=lab/tree/work/index.ipynb"
    )
    assert github.colab("https://colab.research.google.com") == (
        "https://colab.research.google.com/github/owner/name/blob/copies/index.ipynb"
    )
    gitlab = elsewhere.parse("https://gitlab.com/owner/name", "main")
    assert "/v2/gl/owner%2Fname/main?" in gitlab.binder("https://mybinder.org")
    assert github.hub("https://hub.example/", "faces.ipynb") == (
        "https://hub.example/hub/user-redirect/git-pull?repo=https%3A//github.com/owner/name"
        "&urlpath=lab/tree/name/faces.ipynb&branch=copies"
    )


class Page(SimpleNamespace):
    """What the theme hands to the extension: a page with its buttons."""

    @property
    def urls(self) -> dict[str, str]:
        return {
            entry["text"]: entry["url"] for entry in self.context["header_buttons"][0]["buttons"]
        }


def page(url: str) -> Page:
    hubs = {"binderhub_url": "https://mybinder.org", "colab_url": "https://colab.example"}
    hubs |= {"jupyterhub_url": "https://hub.example"}
    options = {"repository_url": url, "repository_branch": "main", "launch_buttons": hubs}
    entries = [{"text": text, "url": "theme"} for text in ("Binder", "JupyterHub", "Colab", "Else")]
    context = {"header_buttons": [{"label": "launch-buttons", "buttons": entries}]}
    app = SimpleNamespace(config=SimpleNamespace(html_theme_options=options))
    elsewhere.lead_to_copies(app, "notebooks/faces", "page.html", context, None)
    return Page(context=context)


def test_launch_buttons_open_the_copies():
    urls = page("https://github.com/owner/name").urls
    assert urls["Binder"].endswith("/v2/gh/owner/name/main?urlpath=lab/tree/work/faces.ipynb")
    assert urls["Colab"] == "https://colab.example/github/owner/name/blob/copies/faces.ipynb"
    assert urls["JupyterHub"].endswith("urlpath=lab/tree/name/faces.ipynb&branch=copies")
    assert urls["Else"] == "theme"
    assert set(page("").urls.values()) == {"theme"}


def test_binder_makes_the_copies_where_its_links_look_for_them():
    script = BINDER / "postBuild"
    assert script.stat().st_mode & 0o111, "Binder runs it only if it may"
    lines = script.read_text("utf-8").splitlines()
    assert lines[0].startswith("#!")
    assert "python book/_tools/lab.py --lay-out-only" in lines
    lab = (ROOT / "book" / "_tools" / "lab.py").read_text("utf-8")
    assert f'ROOT / "{elsewhere.BINDER_FOLDER}"' in lab
    assert subprocess.run(["bash", "-n", str(script)]).returncode == 0


def test_the_workflow_pushes_the_copies_and_may_do_nothing_else():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "book.yml").read_text("utf-8"))
    assert workflow["permissions"] == {}
    jobs = workflow["jobs"]
    assert jobs["build"]["permissions"] == {"contents": "read"}
    assert jobs["publish"]["permissions"] == {"contents": "write"}
    # what can write runs nothing of the repository, and no package that was installed
    steps = jobs["publish"]["steps"]
    assert not any(
        "checkout" in step.get("uses", "") or "pip" in step.get("run", "") for step in steps
    )
    for step in [*jobs["build"]["steps"], *steps]:
        if "uses" in step:
            assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])
    assert f"--initial-branch={elsewhere.COPIES}" in steps[-1]["run"]
    assert subprocess.run(["bash", "-n"], input=steps[-1]["run"], text=True).returncode == 0


def test_the_setting_stands_once_and_reaches_the_theme():
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    assert (
        elsewhere.parse(config["repository"]["url"], config["repository"]["branch"])
        or not (config["repository"]["url"])
    )
    # without this, `html_theme_options` in _config.yml would replace the address
    assert config["sphinx"]["recursive_update"] is True
    assert "repository_url" not in config["sphinx"]["config"]["html_theme_options"]


def test_chapters_too_large_for_binder_are_found_in_what_was_measured():
    costs = json.loads(elsewhere.COSTS.read_text("utf-8"))
    assert elsewhere.too_large(0) == list(costs)
    assert elsewhere.too_large(10**6) == []
    assert all(costs[name]["mebibytes"] > 2048 for name in elsewhere.too_large())
