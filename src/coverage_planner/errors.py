"""What can go wrong, as a tree.

::

    CoveragePlannerError
    ├── ConfigError (ValueError)       the plan file or an argument
    ├── InputError (ValueError)        a table or file given by the planner
    │   ├── CrsError                   coordinate reference system missing or not metric
    │   ├── SchemaError                columns, types, ranges, duplicate ids
    │   └── DatumError                 a datum that does not exist or cannot be converted
    ├── NetworkError                   a road network that cannot answer the question
    │   └── SnapError                  points that have no street within the limit
    ├── SourceError                    a file or server that could not be read
    └── SitingError                    a siting model that has no answer
        └── InfeasibleError            named demand or constraints that cannot be met

A message has four parts: what must hold, what was given, where (count and first five labels), what to do.
"""

from collections.abc import Iterable


class CoveragePlannerError(Exception):
    """Base of every error that this package raises on purpose."""


class ConfigError(CoveragePlannerError, ValueError):
    """A plan file or an argument is wrong."""


class InputError(CoveragePlannerError, ValueError):
    """A table or file given by the planner is wrong."""


class CrsError(InputError):
    """A coordinate reference system is missing, geographic where metres are needed, or unknown."""


class SchemaError(InputError):
    """A table lacks a column, or a column holds values that it must not."""


class DatumError(InputError):
    """A datum is unknown or does not fit the coordinates."""


class NetworkError(CoveragePlannerError):
    """A road network cannot answer the question."""


class SnapError(NetworkError):
    """Points have no eligible street within the snap limit."""


class SourceError(CoveragePlannerError):
    """A file or a server could not be read."""


class SitingError(CoveragePlannerError):
    """A siting model has no answer."""


class InfeasibleError(SitingError):
    """No choice of sites can meet the constraints; the message names which."""


def name_some(labels: Iterable[object], most: int = 5) -> str:
    """Count labels and show the first of them, for error messages.

    Parameters
    ----------
    labels
        Row numbers, ids or names.
    most
        How many to show.

    Returns
    -------
    str
        For example ``"7: D1, D4, D5, D9, D12, …"``.
    """
    shown = [str(label) for label in labels]
    rest = ", …" if len(shown) > most else ""
    return f"{len(shown)}: {', '.join(shown[:most])}{rest}"
