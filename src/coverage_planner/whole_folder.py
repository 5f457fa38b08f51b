"""A folder that is written whole or not at all, and replaces only what we wrote ourselves."""

import contextlib
import os
import shutil
import warnings
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from coverage_planner.errors import ConfigError, InputError, name_some

#: What systems leave in folders that somebody looked at; no one's work is lost with them.
_LEFT_BEHIND = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


def check_replaceable(
    folder: Path, *, what: str, mark: str, is_ours: bool, files: Collection[str], force: bool
) -> None:
    """Raise unless a folder can be written without loss of anybody's files.

    Parameters
    ----------
    folder
        Absolute path of the folder to be written.
    what
        What it holds, for the messages: 'results', 'network'.
    mark
        The file by which one of ours is known, for the messages.
    is_ours
        Whether it has that file.
    files
        Names of the files that one of ours may hold.
    force
        Whether one of ours may be replaced.

    Raises
    ------
    ConfigError
        The folder exists and `force` is false, or it is not one of ours and nothing else.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ConfigError(f"the {what} folder must not be a file, got {folder}; choose another name")
    if not force:
        raise ConfigError(f"the {what} folder must not exist yet, got {folder}; choose another, or force (--force)")
    names = sorted(path.name for path in folder.iterdir())
    if names and not is_ours:
        raise ConfigError(
            f"only a {what} folder can be replaced, {folder} is none (it has no {mark} of ours); "
            f"it holds {name_some(names)}; choose another folder"
        )
    foreign = [name for name in names if name not in _LEFT_BEHIND and name not in files]
    if foreign:
        raise ConfigError(
            f"a {what} folder must hold nothing else to be replaced, {folder} holds {name_some(foreign)}; "
            "move them elsewhere, or choose another folder"
        )


@contextlib.contextmanager
def whole_folder(target: Path, *, what: str, check: Callable[[], None]) -> Iterator[Path]:
    """Give a folder to write to that takes the target's name if all went well, and vanishes otherwise.

    The folder to write to stands beside the target, hidden. A target that exists moves away first, comes back if
    renaming fails, and is removed last. Parents of the target are made.

    Parameters
    ----------
    target
        Absolute path. If it exists, it is replaced.
    what
        What it holds, for the messages: 'results', 'network'.
    check
        Raises unless the target may be written or replaced; asked at the last moment, because writing may take long.

    Raises
    ------
    InputError
        The place cannot be written to, or a program holds files of the folder that stands there.
    """
    made = [parent for parent in target.parents if not parent.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = _new_folder(target, "partial")
    except OSError as error:
        _remove_empty(made)
        raise InputError(f"the {what} folder must be writable, got {target}: {error}; choose another") from error
    done = False
    try:
        yield partial
        check()
        _put_in_place(partial, target, what)
        done = True
    finally:
        # also when somebody interrupts
        if not done:
            shutil.rmtree(partial, ignore_errors=True)
            _remove_empty(made)


def _new_folder(target: Path, word: str) -> Path:
    """Make a hidden folder beside the target; one that a dead process left is not touched."""
    for number in range(1, 1000):
        folder = target.with_name(f".{target.name}.{word}-{os.getpid()}{f'-{number}' if number > 1 else ''}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise FileExistsError(f"too many folders {folder.name}; remove them")


def _put_in_place(partial: Path, target: Path, what: str) -> None:
    old: Path | None = None
    try:
        if target.exists():
            old = _new_folder(target, "replaced") / target.name
            target.rename(old)
        partial.rename(target)
    except OSError as error:
        kept = ""
        if old is not None:
            with contextlib.suppress(OSError):
                old.rename(target)
            _remove_empty([old.parent])
            kept = f"; the earlier {what} folder is {old}" if old.exists() else ""
        raise InputError(
            f"the {what} folder must be free to be renamed, got {target}: {error}{kept}; "
            "close the programs that have its files open"
        ) from error
    if old is not None:
        try:
            shutil.rmtree(old.parent)
        except OSError as error:
            warnings.warn(
                f"the new {what} folder stands; the old one remains in {old}: {error}; remove it", stacklevel=5
            )


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
