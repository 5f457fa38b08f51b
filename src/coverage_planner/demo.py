"""The demo city that comes with the package: a synthetic district, with ``plan.toml`` and the tables it names."""

from importlib.resources import files
from pathlib import Path

from coverage_planner.errors import SourceError


def demo_city() -> Path:
    """Return the folder of the demo city's data, from the installed package or from the repository's ``data/demo``.

    Raises
    ------
    SourceError
        The data did not come with this installation.
    """
    package = Path(str(files("coverage_planner")))
    places = (package / "demo_city", package.parents[1] / "data" / "demo")
    for place in places:
        if (place / "plan.toml").is_file():
            return place
    raise SourceError(
        f"the demo city must come with the package, found no plan.toml in {places[0]} or {places[1]}; "
        "install coverage-planner again"
    )
