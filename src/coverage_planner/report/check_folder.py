"""A check report on disk: the page alone, or a folder with the page and its tables; whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

import pandas as pd

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.report.check_page import MARK, check_page
from coverage_planner.report.check_page_record import findings_table
from coverage_planner.report.csv_tables import ENCODING, guard
from coverage_planner.report.findings import CheckReport
from coverage_planner.whole_folder import check_replaceable, whole_folder

PAGE = "check.html"
_TABLES = ("findings.csv", "rejected.csv", "remarks.csv")
#: So much of a file is read to see whether it is a page of ours.
_HEAD = 4096


def check_target(page: Path | None, folder: Path | None, *, force: bool) -> None:
    """Raise unless the page and the folder can be written without loss of anybody's files.

    Parameters
    ----------
    page
        An HTML file; one that exists must be a page of ours, and is replaced.
    folder
        A folder; see `whole_folder.check_replaceable`.
    force
        Whether a folder of ours may be replaced.

    Raises
    ------
    ConfigError
        One of them holds something else, or cannot be made.
    """
    if folder is not None:
        _check_folder(folder.absolute(), force=force)
    if page is None:
        return
    if page.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"the page must be an .html file, got {page}; correct its name")
    if page.exists() and not _is_ours(page):
        raise ConfigError(f"only a page of ours can be replaced, {page} is something else; choose another name")
    if not page.absolute().parent.is_dir():
        raise ConfigError(f"the page must be in a folder that exists, got {page}; make the folder, or choose another")


def write_check_page(report: CheckReport, page: Path) -> Path:
    """Write a report as one HTML file; it takes its name only when it is complete.

    Raises
    ------
    ConfigError, InputError
        Something else has its name; the place cannot be written to.
    """
    check_target(page, None, force=True)
    text = check_page(report)
    partial = page.with_name(f".{page.name}.partial-{os.getpid()}")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(page)
    except OSError as error:
        raise InputError(f"the page must be writable, got {page}: {error}; choose another place") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return page


def write_check_folder(report: CheckReport, folder: Path, *, force: bool = False) -> Path:
    """Write a report as a folder: check.html, findings.csv, rejected.csv, remarks.csv.

    Parameters
    ----------
    report
        What was found.
    folder
        The folder to make.
    force
        Replace an earlier one.

    Raises
    ------
    ConfigError, InputError
        The folder holds something else, or the place cannot be written to.
    """
    target = folder.absolute()
    _check_folder(target, force=force)
    with whole_folder(target, what="check", check=lambda: _check_folder(target, force=force)) as partial:
        (partial / PAGE).write_text(check_page(report), encoding="utf-8")
        for name, table in zip(_TABLES, (findings_table(report), report.rejected, report.remarks), strict=True):
            _write_table(table, partial / name)
    return folder


def _check_folder(folder: Path, *, force: bool) -> None:
    ours = (folder / PAGE).is_file() and _is_ours(folder / PAGE)
    check_replaceable(folder, what="check", mark=PAGE, is_ours=ours, files=(PAGE, *_TABLES), force=force)


def _is_ours(page: Path) -> bool:
    try:
        with page.open("rb") as stream:
            return MARK.encode() in stream.read(_HEAD)
    except OSError:
        return False


def _write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table that Excel opens as it is, and in which no text becomes a formula."""
    guarded = table.astype(object).map(lambda cell: guard(cell) if isinstance(cell, str) else cell)
    guarded.to_csv(path, index=False, encoding=ENCODING, lineterminator="\r\n")
