"""Launch buttons and links, all from one setting: `repository.url` in _config.yml.

Where it is empty there are no launch buttons, and the page *How to use this course* says how to set
it. Where it is set, sphinx-book-theme shows a menu on every notebook's page, whose links lead to
the page's plain copy (see `copies`): Binder makes the copies when it builds its image
(.binder/postBuild); Colab and JupyterHub find them on the branch `copies`, to which the workflow
`.github/workflows/book.yml` pushes them on GitHub. The directive

    :::{elsewhere} clone | launch | memory
    :::

writes the commands and links that need the address. `memory` says which chapters are known to
need more than a session on Binder may have.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename
from urllib.parse import quote, urlencode

from sphinx.errors import ConfigError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
COSTS = ROOT / "benchmarks" / "results" / "notebooks.json"
#: Mebibytes that a session on mybinder.org may have at most.
BINDER_MEMORY = 2048
#: The branch that holds the plain copies and nothing else.
COPIES = "copies"
#: The folder that .binder/postBuild puts them into.
BINDER_FOLDER = "work"
FIRST = "index.ipynb"
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

    def binder(self, hub: str, file: str = FIRST) -> str:
        place = f"gh/{self.owner}/{self.name}"
        if self.host == "gitlab":
            place = f"gl/{self.owner}%2F{self.name}"
        branch = quote(self.branch, safe="")
        return f"{hub.rstrip('/')}/v2/{place}/{branch}?urlpath=lab/tree/{BINDER_FOLDER}/{file}"

    def colab(self, site: str, file: str = FIRST) -> str:
        return f"{site.rstrip('/')}/github/{self.owner}/{self.name}/blob/{COPIES}/{file}"

    def hub(self, hub: str, file: str = FIRST) -> str:
        """A link of nbgitpuller, which clones the branch of copies into the reader's home."""
        asked = {"repo": self.url, "urlpath": f"lab/tree/{self.name}/{file}", "branch": COPIES}
        return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(asked, safe='/')}"


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
    """Offer what the address allows: nothing without one, the branch of copies on GitHub only."""
    repository = _repository(config)
    buttons = dict(config.html_theme_options.get("launch_buttons") or {})
    if repository is None:
        buttons = {}
    elif repository.host != "github":
        buttons.pop("colab_url", None)
        buttons.pop("jupyterhub_url", None)
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

    def memory(self, repository):
        names = [f"{{doc}}`/notebooks/{name}`" for name in too_large()]
        if not names:
            return ["Every chapter was measured to need less."]
        return [f"Measured to need more, and so not to be run there: {', '.join(names)}."]


def lead_to_copies(app, pagename, templatename, context, doctree) -> None:
    """Have the launch buttons open the page's copy, where the theme would open its source."""
    repository = _repository(app.config)
    if repository is None:
        return
    options = app.config.html_theme_options["launch_buttons"]
    file = f"{basename(pagename)}.ipynb"
    for button in context.get("header_buttons", []):
        if button.get("label") != "launch-buttons":
            continue
        for entry in button["buttons"]:
            if entry["text"] == "Binder":
                entry["url"] = repository.binder(options["binderhub_url"], file)
            elif entry["text"] == "JupyterHub":
                entry["url"] = repository.hub(options["jupyterhub_url"], file)
            elif entry["text"] == "Colab":
                entry["url"] = repository.colab(options["colab_url"], file)


def setup(app):
    app.add_config_value("course_repository", "", "env")
    app.connect("config-inited", configure)
    app.connect("html-page-context", lead_to_copies, priority=900)
    app.add_directive("elsewhere", Elsewhere)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
