"""A server on this machine that answers as Nominatim and Overpass do."""

import json
import re
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlparse

import osmium

STATUS = "Connected as: 1\nCurrent time: 2026-01-01T00:00:00Z\nAnnounced endpoint: none\nRate limit: 2\n2 slots available now.\n"
OSM3S = {"timestamp_osm_base": "2026-01-01T00:00:00Z", "copyright": "The data is made available under ODbL."}


class Replay:
    """What the server answers, and what it was asked.

    `streets` and `features` are Overpass elements, `places` is Nominatim's list; each may be (status, text) instead.
    """

    def __init__(self, streets=(), features=(), places=()):
        self.streets, self.features, self.places = streets, features, places
        self.asked = []
        self.url = ""

    def answer(self, method, path, query):
        kind = urlparse(path).path
        self.asked.append((method, kind, query))
        if kind == "/api/status":
            return 200, STATUS
        if kind == "/search":
            return _as_text(self.places, self.places)
        chosen = self.streets if '["highway"]' in query["data"] else self.features
        if chosen is self.streets and not isinstance(chosen, tuple):
            chosen = _only_asked(chosen, query["data"])
        return _as_text(chosen, {"version": 0.6, "generator": "Overpass API", "osm3s": OSM3S, "elements": chosen})


def _as_text(chosen, whole):
    if isinstance(chosen, tuple) and len(chosen) == 2:
        return chosen
    return 200, json.dumps(whole)


def _only_asked(elements, query):
    """Leave out ways whose highway the query excludes, as the server would."""
    excluded = re.compile(re.search(r'\["highway"!~"([^"]*)"\]', query)[1])
    return [
        one for one in elements if one["type"] != "way" or not excluded.search(one.get("tags", {}).get("highway", "no"))
    ]


@contextmanager
def serving(replay):
    """Serve on a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self, query):
            status, text = replay.answer(self.command, self.path, query)
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self._reply(_flat(urlparse(self.path).query))

        def do_POST(self):
            self._reply(_flat(self.rfile.read(int(self.headers["Content-Length"])).decode()))

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    replay.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield replay
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _flat(query):
    return {key: values[0] for key, values in parse_qs(query).items()}


def place_answer(name, outline, osm_id=2700315):
    """What Nominatim answers for an administrative area."""
    lon, lat = [point[0] for point in outline], [point[1] for point in outline]
    return {
        "place_id": 226142511,
        "licence": "Data © OpenStreetMap contributors, ODbL 1.0. http://osm.org/copyright",
        "osm_type": "relation",
        "osm_id": osm_id,
        "lat": str(sum(lat) / len(lat)),
        "lon": str(sum(lon) / len(lon)),
        "class": "boundary",
        "type": "administrative",
        "place_rank": 14,
        "importance": 0.41,
        "addresstype": "city",
        "name": name,
        "display_name": f"{name}, 中国",
        "boundingbox": [str(min(lat)), str(max(lat)), str(min(lon)), str(max(lon))],
        "geojson": {"type": "Polygon", "coordinates": [[list(point) for point in outline]]},
    }


def overpass_elements(path, keys, *, nodes=False):
    """Return the ways and relations of an OpenStreetMap file that have one of `keys`, and what they are made of.

    With `nodes` also the nodes that have one.

    The elements are those of an Overpass answer in JSON: ways name their nodes, relations their members.
    """
    all_nodes, ways, relations = {}, {}, {}
    for one in osmium.FileProcessor(str(path)):
        tags = {"tags": {tag.k: tag.v for tag in one.tags}} if len(one.tags) else {}
        if one.is_node():
            all_nodes[one.id] = {"type": "node", "id": one.id, "lat": one.location.lat, "lon": one.location.lon, **tags}
        elif one.is_way():
            ways[one.id] = {"type": "way", "id": one.id, "nodes": [node.ref for node in one.nodes], **tags}
        elif one.is_relation():
            kinds = {"n": "node", "w": "way", "r": "relation"}
            members = [{"type": kinds[m.type], "ref": m.ref, "role": m.role} for m in one.members]
            relations[one.id] = {"type": "relation", "id": one.id, "members": members, **tags}

    def matches(one):
        return bool(set(keys) & one.get("tags", {}).keys())

    chosen_relations = [one for one in relations.values() if matches(one)]
    way_ids = {way_id for way_id, way in ways.items() if matches(way)}
    way_ids |= {m["ref"] for one in chosen_relations for m in one["members"] if m["type"] == "way"} & ways.keys()
    node_ids = {node for way_id in way_ids for node in ways[way_id]["nodes"]}
    assert node_ids <= all_nodes.keys(), "the file lacks nodes of its ways"
    node_ids |= {node_id for node_id, node in all_nodes.items() if nodes and matches(node)}
    return [*(all_nodes[one] for one in sorted(node_ids)), *(ways[one] for one in sorted(way_ids)), *chosen_relations]
