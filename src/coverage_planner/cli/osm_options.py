"""The options of `fetch` and `clip`."""

import argparse
from pathlib import Path

FETCH_EXAMPLES = """\
examples:
  coverage-planner fetch 南昌市西湖区 xihu                    a district by its name
  coverage-planner fetch 114.29,30.52,114.36,30.57 wuchang    west,south,east,north in degrees (before a minus write --)
  coverage-planner fetch district.geojson mine --margin 3000  the outline of a file, and 3 km around it
  coverage-planner fetch 南昌市西湖区 xihu --sets restaurants malls banks
  coverage-planner fetch 南昌市西湖区 xihu --overpass https://overpass.example.org/api

then edit xihu/stations.csv and run:  coverage-planner plan xihu/plan.toml --out results
"""

CLIP_EXAMPLES = """\
examples:
  coverage-planner clip china-latest.osm.pbf wuchang.osm.pbf --area district.geojson --margin 3000
  coverage-planner clip china-latest.osm.pbf wuchang.osm.pbf --area districts.gpkg --where name=武昌区,洪山区
  coverage-planner clip china-latest.osm.pbf xihu.osm.pbf --area 区划.xlsx --sheet 区界 --where 名称=西湖区
"""


def add_fetch_options(command: argparse.ArgumentParser) -> None:
    """Declare the options of `fetch`."""
    command.add_argument("place", metavar="PLACE", help="a name, west,south,east,north, or a file of polygons")
    command.add_argument("out", type=Path, metavar="DIR", help="folder to write")
    command.add_argument(
        "--margin", type=float, default=2000.0, metavar="M", help="metres around the place to fetch, too; 2000"
    )
    command.add_argument("--sets", nargs="+", metavar="SET", help="ready sets of points of interest; all if left out")
    command.add_argument("--overpass", metavar="URL", help="another server of streets and points than the public one")
    command.add_argument("--nominatim", metavar="URL", help="another server of names than the public one")
    command.add_argument("--force", action="store_true", help="fetch again into a folder of an earlier fetch")
    command.add_argument("--language", choices=("zh", "en"), default="zh", help="language of names and messages")


def add_clip_options(command: argparse.ArgumentParser) -> None:
    """Declare the options of `clip`."""
    command.add_argument("big", type=Path, metavar="BIG", help="the large .osm.pbf")
    command.add_argument("out", type=Path, metavar="OUT", help="the .osm.pbf to write")
    command.add_argument("--area", type=Path, required=True, metavar="FILE", help="polygons of the study area")
    command.add_argument(
        "--margin", type=float, default=3000.0, metavar="M", help="metres around the area to keep, too; 3000"
    )
    command.add_argument("--sheet", metavar="NAME", help="sheet or layer of the area's file")
    command.add_argument(
        "--where", nargs="+", default=[], metavar="COLUMN=VALUE,…", help="only polygons with these values"
    )
    command.add_argument(
        "--datum", choices=("wgs84", "cgcs2000", "gcj02", "bd09"), default="wgs84", help="datum of the area; wgs84"
    )
    command.add_argument("--force", action="store_true", help="replace an earlier file")
    command.add_argument("--language", choices=("zh", "en"), default="zh", help="language of what is printed")
