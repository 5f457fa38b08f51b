"""Answers of Overpass servers -> an OpenStreetMap file that holds what they hold."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import osmium
from osmium.osm.mutable import Node, Relation, Way

from coverage_planner.errors import SourceError
from coverage_planner.sources.osm_tags import ATTRIBUTION

_MEMBERS = {"node": "n", "way": "w", "relation": "r"}


def read_answers(folder: Path) -> tuple[dict[str, dict[int, dict[str, Any]]], str]:
    """Return the objects of all answers in a folder, and the oldest day of the data as the servers say it.

    Parameters
    ----------
    folder
        What `fetch_roads` and `fetch_pois` kept as `cache_dir`; files that are no answers of Overpass are passed over.

    Returns
    -------
    objects
        'node', 'way', 'relation' -> id -> the object as the answer has it, once each.
    data_date
        Such as '2026-01-01T00:00:00Z'; empty where no answer says it.

    Raises
    ------
    SourceError
        A file is damaged.
    """
    objects: dict[str, dict[int, dict[str, Any]]] = {kind: {} for kind in _MEMBERS}
    dates = []
    for path in sorted(folder.glob("*.json")):
        try:
            answer = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise SourceError(
                f"an answer kept from a server must be whole, got {path.name} in {folder}: {error}; delete it"
            ) from error
        if not isinstance(answer, dict) or "elements" not in answer:
            continue
        dates.append(answer.get("osm3s", {}).get("timestamp_osm_base", ""))
        for one in answer["elements"]:
            # one answer may name a node for its place only and another for what it is
            if one["type"] in objects and (one.get("tags") or one["id"] not in objects[one["type"]]):
                objects[one["type"]][one["id"]] = one
    return objects, min((date for date in dates if date), default="")


def write_answers(folder: Path, out: Path, *, what: str) -> str:
    """Write the objects of all answers in a folder to one ``.osm.pbf``, sorted by kind and id.

    Parameters
    ----------
    folder
        See `read_answers`.
    out
        The file to write.
    what
        What was asked for, for the file's header.

    Returns
    -------
    str
        The oldest day of the data, see `read_answers`.
    """
    objects, data_date = read_answers(folder)
    header = osmium.io.Header()
    header.set("generator", f"coverage-planner: {what}, through Overpass. {ATTRIBUTION}")
    header.set("sorting", "Type_then_ID")
    if data_date:
        header.set("osmosis_replication_timestamp", data_date)
    with osmium.SimpleWriter(str(out), header=header, overwrite=True) as writer:
        for one in _by_id(objects["node"]):
            writer.add_node(Node(id=one["id"], location=(one["lon"], one["lat"]), tags=one.get("tags", {})))
        for one in _by_id(objects["way"]):
            writer.add_way(Way(id=one["id"], nodes=one.get("nodes", []), tags=one.get("tags", {})))
        for one in _by_id(objects["relation"]):
            members = [(_MEMBERS[member["type"]], member["ref"], member["role"]) for member in one.get("members", [])]
            writer.add_relation(Relation(id=one["id"], members=members, tags=one.get("tags", {})))
    return data_date


def _by_id(objects: dict[int, dict[str, Any]]) -> Iterable[dict[str, Any]]:
    return (objects[number] for number in sorted(objects))
