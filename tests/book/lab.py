"""A real JupyterLab with a folder of copies in it, for the tests that open them in Chromium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.book.jupyter import server_of

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@contextmanager
def served(folder: Path, home: Path, theme: str = "light") -> Iterator[Lab]:
    """Serve a folder in JupyterLab, with settings of its own in `home`."""
    settings = {
        "apputils-extension/themes": {"theme": THEMES[theme]},
        # all cells stand in the page, those too that are not looked at
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false"},
    }
    for name, values in settings.items():
        path = home / "config/lab/user-settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), "utf-8")
    bin_folder = str(Path(sys.executable).parent)
    environment = os.environ | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "PATH": bin_folder + os.pathsep + os.environ.get("PATH", ""),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    command += ["--port=0", "--LabApp.news_url=''", f"--notebook-dir={folder}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    with (home / "lab.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        server = server_of(process, home, home / "lab.log")
        lab = Lab(server["url"].rstrip("/"), server["token"])
        lab.wait(process, home / "lab.log")
        yield lab
    finally:
        process.terminate()
        process.wait(30)


class Lab:
    """A running JupyterLab."""

    def __init__(self, address: str, token: str):
        self.address, self.token = address, token

    def wait(self, process: subprocess.Popen, log: Path) -> None:
        """Return when it answers; fail with its own words where it ends first."""
        for _ in range(600):
            if process.poll() is not None:
                raise RuntimeError(log.read_text("utf-8"))
            try:
                with urllib.request.urlopen(f"{self.address}/api?token={self.token}", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(f"JupyterLab did not answer:\n{log.read_text('utf-8')}")

    def open(self, browser, name: str, width: int = 1280, height: int = 900):
        """A tab with one notebook open in Lab's simple interface."""
        tab = browser.new_page(viewport={"width": width, "height": height})
        tab.goto(f"{self.address}/doc/tree/{name}?token={self.token}&reset")
        tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
        tab.wait_for_selector(".jp-MarkdownOutput h1", timeout=120_000)
        return tab

    @staticmethod
    def run_all(tab, seconds: int = 120) -> None:
        """Run every cell of the open notebook, and wait until the kernel has nothing to do."""
        tab.wait_for_selector("text=| Idle", timeout=1000 * seconds)
        tab.evaluate(
            """async (seconds) => {
              const ended = window.jupyterapp.commands.execute("notebook:run-all-cells");
              const late = new Promise((_, fail) => setTimeout(() => fail("late"), 1000 * seconds));
              await Promise.race([ended, late]);
            }""",
            seconds,
        )
