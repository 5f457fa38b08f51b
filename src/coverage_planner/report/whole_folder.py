"""A folder that is written whole or not at all."""

import contextlib
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from coverage_planner.errors import InputError


@contextlib.contextmanager
def whole_folder(target: Path, *, check: Callable[[], None]) -> Iterator[Path]:
    """Give a folder to write to that takes the target's name if all went well, and vanishes otherwise.

    The folder to write to stands beside the target, hidden. A target that exists moves away first, comes back if
    renaming fails, and is removed last. Parents of the target are made.

    Parameters
    ----------
    target
        Absolute path. If it exists, it is replaced.
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
        raise InputError(f"the results folder must be writable, got {target}: {error}; choose another") from error
    done = False
    try:
        yield partial
        check()
        _put_in_place(partial, target)
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


def _put_in_place(partial: Path, target: Path) -> None:
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
            kept = f"; the earlier results are in {old}" if old.exists() else ""
        raise InputError(
            f"the results folder must be free to be renamed, got {target}: {error}{kept}; "
            "close the programs that have its files open"
        ) from error
    if old is not None:
        try:
            shutil.rmtree(old.parent)
        except OSError as error:
            warnings.warn(f"the new results stand; the old ones remain in {old}: {error}; remove them", stacklevel=5)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
