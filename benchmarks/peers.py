"""The peers that the benchmarks measure against: which are here, and an environment for those that need their own.

pandana, networkx, scipy and osmnx live beside the project (``pip install -e ".[benchmarks]"``). Valhalla's wheel needs
Python 3.12 or later; where the project runs on an older one, `valhalla_python` makes a virtual environment of its own
in the scratch folder and installs pyvalhalla there.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

#: The release the figures were taken with.
PYVALHALLA = "pyvalhalla==3.9.1"
_OLDEST = (3, 12)
_PYTHONS = ("python3.12", "python3.13", "python3.14")


class PeerMissingError(Exception):
    """A peer cannot be had here; the message says why, and the tables repeat it."""


def require(module: str) -> str:
    """Return the version of a peer that is installed beside the project.

    Raises
    ------
    PeerMissingError
        It is not installed.
    """
    if importlib.util.find_spec(module) is None:
        raise PeerMissingError(f"{module} is not installed (python -m pip install -e '.[benchmarks]')")
    return version(module)


def valhalla_python(cache: Path, given: Path | None = None) -> Path:
    """Return an interpreter that has pyvalhalla: the one given, this one, or one of a virtual environment in `cache`.

    Raises
    ------
    PeerMissingError
        There is no Python 3.12 or later, or pyvalhalla cannot be installed.
    """
    if given is not None:
        if not _imports_valhalla(given):
            raise PeerMissingError(f"{given} does not import valhalla")
        return given
    if importlib.util.find_spec("valhalla") is not None:
        return Path(sys.executable)
    home = cache / "valhalla-venv"
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists() and _imports_valhalla(python):
        return python
    for base in _new_pythons():
        shutil.rmtree(home, ignore_errors=True)
        try:
            _run([str(base), "-m", "venv", str(home)])
            _run([str(python), "-m", "pip", "install", "--quiet", PYVALHALLA, "psutil", "numpy"])
        except subprocess.CalledProcessError as error:
            last = (error.stderr or "").strip().splitlines()[-1:] or [str(error)]
            raise PeerMissingError(f"{PYVALHALLA} could not be installed with {base}: {last[0]}") from error
        return python
    raise PeerMissingError("pyvalhalla needs Python 3.12 or later, and none is on PATH or under ~/.pyenv/versions")


def valhalla_program(python: Path, name: str) -> Path:
    """Return the path of one of the programs inside the wheel, for example ``valhalla_build_tiles``."""
    folder = _run([str(python), "-m", "valhalla", "print_bin_path"]).strip()
    return Path(folder) / (f"{name}.exe" if os.name == "nt" else name)


def _new_pythons() -> Iterator[Path]:
    """Interpreters of a version that pyvalhalla has wheels for, the preferred one first."""
    found = [shutil.which(name) for name in _PYTHONS]
    candidates = [Path(path) for path in found if path]
    for minor in range(_OLDEST[1], _OLDEST[1] + len(_PYTHONS)):
        candidates += sorted((Path.home() / ".pyenv" / "versions").glob(f"3.{minor}*/bin/python"))
    if sys.version_info >= _OLDEST:
        candidates.append(Path(sys.executable))
    for path in candidates:
        try:
            _run([str(path), "-c", f"import sys; assert sys.version_info >= {_OLDEST}, sys.version"])
        except (OSError, subprocess.CalledProcessError):  # a pyenv shim without that version behind it
            continue
        yield path


def _imports_valhalla(python: Path) -> bool:
    try:
        _run([str(python), "-c", "import valhalla"])
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _run(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout
