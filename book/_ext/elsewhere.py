"""Launch buttons and links, all from one setting: `repository.url` in _config.yml.

Where it is empty there are no launch buttons, and the page *How to use this course* says how to set
it. Where it is set, sphinx-book-theme shows a menu on every notebook's page, and the directive

    :::{elsewhere} clone | launch | colab | memory
    :::

writes the commands and links that need the address. `memory` says which chapters are known to
need more than a session on Binder may have.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sphinx.errors import ConfigError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
COSTS = ROOT / "benchmarks" / "results" / "notebooks.json"
#: Mebibytes that a session on mybinder.org may have at most.
BINDER_MEMORY = 2048
FIRST = "notebooks/index.ipynb"
SETUP = "book/how-to-use"  # the page that shows Colab's first cell
_ADDRESS = re.compile(r"https://(github|gitlab)\.com/([\w.-]+)/([\w.-]+)")


@dataclass(frozen=True)
class Repository:
    """Where the course lives; `host` is ``github`` or ``gitlab``."""

    url: str
    branch: str
    host: str
    owner: str
    name: str

    @property
    def clone(self) -> str:
        return f"git clone --branch {self.branch} {self.url} imaging-course"

    @property
    def colab_cell(self) -> str:
        """The first cell of a session on Colab, which has neither lessonlib nor the solutions."""
        return (
            f"!git clone --quiet --depth 1 --branch {self.branch} {self.url} /content/course\n"
            '%pip install --quiet -e "/content/course[chapters]"\n'
            "%cd /content/course/notebooks\n"
            'import sys; sys.path.insert(0, "/content/course")'
        )

    def binder(self, hub: str) -> str:
        place = f"gh/{self.owner}/{self.name}"
        if self.host == "gitlab":
            place = f"gl/{self.owner}%2F{self.name}"
        branch = quote(self.branch, safe="")
        return f"{hub.rstrip('/')}/v2/{place}/{branch}?urlpath=lab/tree/{FIRST}"

    def colab(self, site: str) -> str:
        return f"{site.rstrip('/')}/github/{self.owner}/{self.name}/blob/{self.branch}/{FIRST}"


PLACEHOLDER = Repository("ADDRESS", "main", "github", "OWNER", "NAME")


def parse(url: str, branch: str) -> Repository | None:
    """Read the setting; None where it is empty.

    Raises
    ------
    ConfigError
        Where it is no address that the launch buttons can be made from.
    """
    if not url:
        return None
    found = _ADDRESS.fullmatch(url)
    if not found or url.endswith(".git"):
        raise ConfigError(
            f"repository.url in _config.yml must look like https://github.com/OWNER/NAME "
            f"(or gitlab.com, without .git), got {url!r}"
        )
    if not branch:
        raise ConfigError("repository.branch in _config.yml must name a branch, got nothing")
    return Repository(url, branch, *found.groups())


def _repository(config) -> Repository | None:
    options = config.html_theme_options
    return parse(options.get("repository_url") or "", options.get("repository_branch") or "")


def configure(app, config) -> None:
    """Offer what the address allows: nothing without one, Colab for GitHub only."""
    repository = _repository(config)
    buttons = dict(config.html_theme_options.get("launch_buttons") or {})
    if repository is None:
        buttons = {}
    elif repository.host != "github":
        buttons.pop("colab_url", None)
    config.html_theme_options["launch_buttons"] = buttons
    # a page that shows the address is written again when it changes
    config.course_repository = f"{repository.url}@{repository.branch}" if repository else ""


def too_large(limit: int = BINDER_MEMORY) -> list[str]:
    """Chapters whose last full run took more mebibytes than a limit."""
    costs = json.loads(COSTS.read_text("utf-8"))
    return [name for name, cost in costs.items() if cost["mebibytes"] > limit]


class Elsewhere(SphinxDirective):
    required_arguments = 1

    def run(self):
        writers = {
            "clone": self.clone,
            "launch": self.launch,
            "colab": self.colab,
            "memory": self.memory,
        }
        if self.arguments[0] not in writers:
            raise self.error(f"elsewhere must be one of {', '.join(writers)}")
        self.env.note_dependency(str(COSTS))
        lines = writers[self.arguments[0]](_repository(self.config))
        return self.parse_text_to_nodes("\n".join(lines))

    def clone(self, repository):
        clone = (repository or PLACEHOLDER).clone
        said = [] if repository else ["", "`ADDRESS` is where you have found this course."]
        return ["```bash", clone, "cd imaging-course", "make lab", "```", *said]

    def launch(self, repository):
        if repository is None:
            return [
                ":::{note}",
                "This copy of the book does not know where its repository lives, and so it has no "
                "launch buttons. Put the address into `_config.yml`, `repository.url`, and build "
                "the book again: every link on this page and the menu on every notebook's page "
                "follow from it.",
                ":::",
            ]
        buttons = self.config.html_theme_options["launch_buttons"]
        links = []
        if hub := buttons.get("binderhub_url"):
            links.append(f"[Open the notebooks on Binder]({repository.binder(hub)})")
        if site := buttons.get("colab_url"):
            links.append(f"[open the first one on Colab]({repository.colab(site)})")
        told = " or ".join(links) or f"The repository is <{repository.url}>"
        return [f"{told}. The rocket at the top of a notebook's page opens that notebook."]

    def colab(self, repository):
        return ["```ipython3", *(repository or PLACEHOLDER).colab_cell.splitlines(), "```"]

    def memory(self, repository):
        names = [f"{{doc}}`/notebooks/{name}`" for name in too_large()]
        if not names:
            return ["Every chapter was measured to need less."]
        return [f"Measured to need more, and so not to be run there: {', '.join(names)}."]


def tell_colab(app, pagename, templatename, context, doctree) -> None:
    """Beside the link to Colab, put one to the cell that has to be run there first."""
    for button in context.get("header_buttons", []):
        entries = button.get("buttons", [])
        if button.get("label") == "launch-buttons" and any(e["text"] == "Colab" for e in entries):
            entries.append(
                {
                    "type": "link",
                    "text": "Colab: first cell",
                    "tooltip": "What to run first on Colab",
                    "icon": "fas fa-circle-info",
                    "url": context["pathto"](SETUP) + "#on-colab",
                }
            )


def setup(app):
    app.add_config_value("course_repository", "", "env")
    app.connect("config-inited", configure)
    app.connect("html-page-context", tell_colab, priority=900)
    app.add_directive("elsewhere", Elsewhere)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
