"""The demo city that comes with the package: a synthetic district, with ``plan.toml`` and the tables it names."""

from importlib.resources import files
from os import PathLike
from pathlib import Path

from coverage_planner.errors import SourceError

_PLAN, _LEDGER = "plan.toml", "驿站台账.xlsx"


def demo_city(beside: str | PathLike[str] | None = None) -> Path:
    """Return the folder of the demo city's data.

    Parameters
    ----------
    beside
        A copy of it, which is taken if it is there: ``coverage-planner notebooks`` puts one beside the notebooks, where
        its files can be changed.

    Returns
    -------
    pathlib.Path
        That copy, or the folder of the installed package, or the repository's ``data/demo``.

    Raises
    ------
    SourceError
        The data did not come with this installation.
    """
    return data_folder("demo_city", ("data", "demo"), _PLAN, beside=beside)


def office_files(beside: str | PathLike[str] | None = None) -> Path:
    """Return the folder with the demo city's files as a planning office has them: awkward on purpose.

    Parameters
    ----------
    beside
        A copy of it, which is taken if it is there.

    Returns
    -------
    pathlib.Path
        A folder with a ledger of stations in Excel (GCJ-02), premises (BD-09), communities and streets as Shapefiles
        in Gauss-Krüger metres, and orders; data/README.md describes them.

    Raises
    ------
    SourceError
        The data did not come with this installation.
    """
    return data_folder("office_files", ("data", "office"), _LEDGER, beside=beside)


def data_folder(
    packed: str, in_repository: tuple[str, ...], mark: str, *, beside: str | PathLike[str] | None = None
) -> Path:
    """Return a folder of files that come with the package.

    Parameters
    ----------
    packed
        Its name in the installed package.
    in_repository
        The way to it in the repository.
    mark
        A file that it holds.
    beside
        A copy that is taken if it is there.

    Raises
    ------
    SourceError
        It did not come with this installation.
    """
    package = Path(str(files("coverage_planner")))
    places = [package / packed, package.parents[1].joinpath(*in_repository)]
    if beside is not None:
        places.insert(0, Path(beside).absolute())
    for place in places:
        if (place / mark).is_file():
            return place
    raise SourceError(
        f"{packed} must come with the package, found no {mark} in {places[-2]} or {places[-1]}; "
        "install coverage-planner again"
    )
