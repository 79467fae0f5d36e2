# This cell is not part of the page: it looks whether the notebook can run here.
def look_around(about, needed, variable, file, address, version):
    import importlib
    import os
    import subprocess
    import sys

    from IPython.display import Markdown, display

    folder = "/content/imaging-course"  # on Colab
    places = [os.environ.get(variable, "")]
    below = os.environ.get("COURSE_DATA"), "~/.medmnist"
    places += [os.path.join(place, file) for place in below if place and file]

    def missing():
        importlib.invalidate_caches()
        found = {name: importlib.util.find_spec(name) for name in needed}
        # a mere folder of that name is found as well, but comes from no file
        return [name for name, spec in found.items() if spec is None or spec.origin is None]

    if missing() and address and "google.colab" in sys.modules:
        print("Installing what the course needs: some minutes ...")
        git = ["git", "-C", folder]
        for command in (
            ["git", "init", "--quiet", folder],
            [*git, "fetch", "--quiet", "--depth", "1", address, version],
            [*git, "checkout", "--quiet", "FETCH_HEAD"],
            [sys.executable, "-m", "pip", "install", "--quiet", "-e", f"{folder}[chapters]"],
        ):
            if subprocess.run(command, check=False).returncode:
                print("This failed:", *command)
                break
        sys.path.insert(0, folder)  # an editable install is found at the next start only
    lacking = ", ".join(f"`{name}`" for name in missing())
    if lacking and address:
        told = f"""**Missing here: {lacking}.** Type these lines in a terminal, then start the
notebook again with the Python that they installed into:

```bash
git clone {address} imaging-course
git -C imaging-course checkout {version}
python -m pip install -e "imaging-course[chapters]"
```"""
    elif lacking:
        told = f"**Missing here: {lacking}**, which the README of the course tells how to install."
    elif variable and not any(os.path.isfile(os.path.expanduser(place)) for place in places):
        told = (
            f"**Missing here:** the file that the environment variable `{variable}` has to name, "
            f"or `{file}` below the folder that `COURSE_DATA` names."
        )
    else:
        told = "**Everything that it needs is here.**"
    display(Markdown(f"{about}\n\n{told}"))
