"""Small OpenStreetMap files, drawn on a grid: one step is a thousandth of a degree, about 100 m."""

import bz2
import gzip
from xml.sax.saxutils import quoteattr

import osmium
from osmium.osm.mutable import Node, Relation, Way

WEST, SOUTH, STEP = 114.3, 30.5, 0.001


def place(column, row):
    return round(WEST + column * STEP, 7), round(SOUTH + row * STEP, 7)


def write_osm(path, nodes, ways, relations=(), order="nwr"):
    """Write nodes {id: (column, row) or (column, row, tags)}, ways [(id, refs, tags)], relations [(id, members, tags)].

    The suffix of `path` says the format; `order` which kind stands first, second and last.
    """
    if path.name.endswith(".pbf"):
        _write_pbf(path, nodes, ways, relations)
        return path
    parts = {
        "n": [_node(node_id, *node) for node_id, node in nodes.items()],
        "w": [
            f'<way id="{way_id}" version="1">{"".join(f"<nd ref={quoteattr(str(ref))}/>" for ref in refs)}{_tags(tags)}</way>'
            for way_id, refs, tags in ways
        ],
        "r": [
            f'<relation id="{one}" version="1">'
            + "".join(f'<member type="{_KINDS[kind]}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
            + f"{_tags(tags)}</relation>"
            for one, members, tags in relations
        ],
    }
    lines = [line for kind in order for line in parts[kind]]
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n' + "\n".join(lines) + "\n</osm>\n"
    opener = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix, open)
    with opener(path, "wt", encoding="utf-8") as file:
        file.write(text)
    return path


_KINDS = {"n": "node", "w": "way", "r": "relation"}


def _node(node_id, column, row, tags=None):
    lon, lat = place(column, row)
    return f'<node id="{node_id}" version="1" lat="{lat}" lon="{lon}">{_tags(tags or {})}</node>'


def _tags(tags):
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())


def _write_pbf(path, nodes, ways, relations):
    with osmium.SimpleWriter(str(path)) as writer:
        for node_id, (column, row, *tags) in nodes.items():
            writer.add_node(Node(id=node_id, version=1, location=place(column, row), tags=tags[0] if tags else {}))
        for way_id, refs, tags in ways:
            writer.add_way(Way(id=way_id, version=1, nodes=refs, tags=tags))
        for one, members, tags in relations:
            writer.add_relation(Relation(id=one, version=1, members=members, tags=tags))


def ends(roads):
    """The node pairs of all segments, sorted."""
    return sorted(zip(roads.segments["u"].tolist(), roads.segments["v"].tolist(), strict=True))
