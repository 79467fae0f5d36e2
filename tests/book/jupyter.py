"""A JupyterLab of its own to drive: its settings and its memory lie in a folder of the test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

#: Say of the notebook in front: its name, and whether JupyterLab thinks that it has to be saved.
STATE = """() => {
  const tab = document.querySelector('#jp-main-dock-panel .lm-TabBar-tab.lm-mod-current');
  return tab && {name: tab.querySelector('.lm-TabBar-tabLabel').textContent,
                 unsaved: tab.classList.contains('jp-mod-dirty')};
}"""
IDLE = "[data-status='idle'], .jp-NotebookPanel [data-status='idle']"


def settings(home: Path) -> dict[str, str]:
    """An environment in which Jupyter keeps everything below one folder."""
    places = {f"JUPYTER_{n}_DIR": str(home / n.lower()) for n in ("CONFIG", "DATA", "RUNTIME")}
    return os.environ | places | {"IPYTHONDIR": str(home / "ipython")}


@contextmanager
def running(command: Sequence[str], home: Path, folder: Path, **extra: str) -> Iterator[str]:
    """Start a JupyterLab by a command, in a folder; yield its server's address, and end it."""
    environment = settings(home) | extra
    (home / "runtime").mkdir(parents=True, exist_ok=True)
    log = home / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL
        )
        try:
            server = server_of(process, home, log)
            yield f"{server['url']}?token={server['token']}"
        finally:
            process.terminate()
            process.wait(60)


def lab(*options: str) -> list[str]:
    """The command that starts the JupyterLab of this environment."""
    return [sys.executable, "-m", "jupyterlab", *HEADLESS, *options]


HEADLESS = ["--no-browser", "--port=0", "--allow-root"]


def server_of(process: subprocess.Popen, home: Path, log: Path) -> dict[str, str]:
    """What a Jupyter server says of itself once it runs: its address and the token it has drawn."""
    while process.poll() is None:
        for path in (home / "runtime").glob("jpserver-*.json"):
            try:
                return json.loads(path.read_text("utf-8"))
            except ValueError:  # being written
                continue
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab ended: {log.read_text('utf-8')[-2000:]}")


def visit(browser, address: str, name: str = ""):
    """Open JupyterLab, at a file where one is named, and wait until its kernel is idle."""
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    page.goto(address.replace("?", f"lab/tree/{name}?") if name else address)
    if name:
        page.wait_for_function(f"name => ({STATE})()?.name === name", arg=Path(name).name)
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", state="attached")
        page.wait_for_selector(f".jp-NotebookPanel:visible {IDLE}", state="attached")
    return page


def unsaved(page) -> bool:
    """Whether JupyterLab marks the notebook in front as one to be saved, once it has settled.

    While a notebook is being loaded, the mark may be there for a moment.
    """
    for _ in range(20):
        page.wait_for_timeout(1000)
        if not page.evaluate(STATE)["unsaved"]:
            page.wait_for_timeout(1500)
            return page.evaluate(STATE)["unsaved"]
    return True
