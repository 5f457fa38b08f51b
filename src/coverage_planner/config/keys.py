"""A TOML table -> a frozen dataclass: its fields are the keys, their types and bounds.

Every refusal names the key the way it is written in the file: ``[siting] n_open``, ``[[groups]] 2 cutoff_min``.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from coverage_planner.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar("Settings", bound="DataclassInstance")
S_PER_MIN = 60.0


def more_than(bound: float, default: Any = MISSING) -> Any:
    """Declare a key whose number, or each of whose numbers, must be more than `bound`."""
    return field(default=default, metadata={"more_than": bound})


def at_least(bound: float, default: Any = MISSING) -> Any:
    """Declare a key whose number, or each of whose numbers, must be at least `bound`."""
    return field(default=default, metadata={"at_least": bound})


def in_minutes(key: str, default: Any = MISSING) -> Any:
    """Declare a field in seconds that the plan file has in minutes, under the name `key`; more than zero."""
    return field(default=default, metadata={"key": key, "factor": S_PER_MIN, "more_than": 0})


def read_settings(kind: type[Settings], table: Any, at: str, folder: Path) -> Settings:
    """Turn a TOML table into a dataclass.

    Parameters
    ----------
    kind
        The dataclass. Its field types may be text, numbers, bool, Path, Literal, dataclasses, tuples and mappings of
        these, and unions with None. Field metadata 'key' is the key's name where it differs from the field's (None: no
        key); 'factor' multiplies a number; 'more_than' and 'at_least' bound it.
    table
        The decoded table.
    at
        The table's name in messages, as it is written in the file; "" for the whole file.
    folder
        Where relative paths start.

    Raises
    ------
    ConfigError
        A key is unknown or missing, or its value has the wrong type or is out of bounds.
    """
    place = at or "the plan file"
    if not isinstance(table, dict):
        raise ConfigError(f"{place} must be a table of keys, got {table!r}; write it as [table] or {{ key = value }}")
    hints = get_type_hints(kind)
    named = {f.metadata.get("key", f.name): f for f in fields(kind)}
    known = {key: f for key, f in named.items() if key is not None}
    for key in table:
        if key not in known:
            raise ConfigError(f"{place} has no key {key!r}{did_you_mean(key, known)}; its keys are {', '.join(known)}")
    missing = [key for key, f in known.items() if f.default is f.default_factory is MISSING and key not in table]
    if missing:
        raise ConfigError(f"{place} must have {', '.join(missing)}, got {', '.join(table) or 'no keys'}; add them")
    given: dict[str, Any] = {}
    for key, value in table.items():
        converted = _convert(value, hints[known[key].name], _inside(at, key, value), folder)
        given[known[key].name] = _bounded(converted, known[key].metadata, _inside(at, key, value))
    return kind(**given)


def _inside(at: str, key: str, value: Any) -> str:
    """Name a key the way it is written in the file: [table] key, [table.table], [[table.tables]], [[groups]] 2 key."""
    if not at:
        is_tables = isinstance(value, list) and any(isinstance(item, dict) for item in value)
        return f"[[{key}]]" if is_tables else f"[{key}]" if isinstance(value, dict) else key
    if at.endswith("]") and not at.endswith("]]"):
        if isinstance(value, dict):
            return f"{at[:-1]}.{key}]"
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            return f"[{at[:-1]}.{key}]]"
    return f"{at} {key}"


def did_you_mean(word: str, known: Mapping[str, Any]) -> str:
    """Return a question for messages where one of the `known` names is near to `word`, else ""."""
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _convert(value: Any, hint: Any, at: str, folder: Path) -> Any:
    """Return a TOML value as the type `hint`, or raise ConfigError that names the key."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        options = [option for option in arguments if option is not NoneType]
        fitting = [option for option in options if _looks_like(value, option)]
        return _convert(value, (fitting or options)[0], at, folder)
    if origin is Literal:
        if not any(value == allowed and type(value) is type(allowed) for allowed in arguments):
            raise ConfigError(f"{at} must be one of {', '.join(map(repr, arguments))}, got {value!r}; correct it")
        return value
    if origin is tuple:
        if isinstance(value, dict) and is_dataclass(arguments[0]):
            raise ConfigError(f"{at} must be a list of tables, got one table; write [{at}] with double brackets")
        if not isinstance(value, list) or not value:
            raise ConfigError(f"{at} must be a list with at least one entry, got {value!r}; write it in [ ]")
        return tuple(_convert(item, arguments[0], f"{at} {n}", folder) for n, item in enumerate(value, start=1))
    if isinstance(hint, type) and is_dataclass(hint):
        return read_settings(hint, value, at, folder)
    if origin is Mapping:
        if not isinstance(value, dict):
            raise ConfigError(f"{at} must be a table of names and values, got {value!r}; write {{ name = value }}")
        return {key: _convert(item, arguments[1], _inside(at, key, item), folder) for key, item in value.items()}
    return _scalar(value, hint, at, folder)


def _looks_like(value: Any, hint: Any) -> bool:
    return isinstance(value, list) if get_origin(hint) is tuple else not isinstance(value, list)


_SCALARS: Mapping[Any, tuple[Any, str]] = {
    str: (str, "a text in quotes"),
    Path: (str, "a path in quotes"),
    bool: (bool, "true or false"),
    int: (int, "a whole number"),
    float: ((int, float), "a number"),
}


def _scalar(value: Any, kind: Any, at: str, folder: Path) -> Any:
    accepted, words = _SCALARS[kind]
    is_flag = isinstance(value, bool) and kind is not bool  # Python counts true as the number 1
    if not isinstance(value, accepted) or is_flag or value == "" or (kind is float and not math.isfinite(value)):
        raise ConfigError(f"{at} must be {words}, got {value!r}; correct it")
    return folder / value if kind is Path else kind(value)


def _bounded(value: Any, metadata: Mapping[str, Any], at: str) -> Any:
    """Check a value, or each of a table or list, against its field's bound; turn minutes into seconds."""
    several = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
    for item in several:
        if "more_than" in metadata and not item > metadata["more_than"]:
            raise ConfigError(f"{at} must be more than {metadata['more_than']:g}, got {item:g}; correct it")
        if "at_least" in metadata and not item >= metadata["at_least"]:
            raise ConfigError(f"{at} must be at least {metadata['at_least']:g}, got {item:g}; correct it")
    factor = metadata.get("factor", 1.0)
    if isinstance(value, dict):
        return {key: item * factor for key, item in value.items()} if factor != 1.0 else value
    if isinstance(value, tuple):
        return tuple(item * factor for item in value) if factor != 1.0 else value
    return value * factor if factor != 1.0 else value
