"""The options of `fetch` and `clip`."""

from pathlib import Path

from coverage_planner.cli.help_format import Parser
from coverage_planner.cli.manner import add_force, add_manner


def add_fetch_options(command: Parser) -> None:
    """Declare the options of `fetch`."""
    say = command.say
    command.main_words.add_argument(
        "place",
        metavar="PLACE",
        help=say("地名，或“西,南,东,北”，或面图层文件", "a name, west,south,east,north, or a file of polygons"),
    )
    command.main_words.add_argument("out", type=Path, metavar="DIR", help=say("要写入的文件夹", "folder to write"))
    command.options.add_argument(
        "--margin",
        type=float,
        default=2000.0,
        metavar="M",
        help=say("外扩几米；默认 2000", "metres around the place to fetch, too; 2000"),
    )
    command.options.add_argument(
        "--sets",
        nargs="+",
        metavar="SET",
        help=say("要哪几类场所；不写则全部", "ready sets of points of interest; all if left out"),
    )
    command.options.add_argument(
        "--overpass",
        metavar="URL",
        help=say("道路和场所的另一个服务器", "another server of streets and points than the public one"),
    )
    command.options.add_argument(
        "--nominatim",
        metavar="URL",
        help=say("地名的另一个服务器", "another server of names than the public one"),
    )
    add_force(command, "以前获取的内容（已编辑的文件保留）", "what was fetched earlier; edited files are kept")
    add_manner(command)


def add_clip_options(command: Parser) -> None:
    """Declare the options of `clip`."""
    say = command.say
    command.main_words.add_argument(
        "big", type=Path, metavar="BIG", help=say("大的 .osm.pbf 文件", "the large .osm.pbf")
    )
    command.main_words.add_argument(
        "out", type=Path, metavar="OUT", help=say("要写的 .osm.pbf 文件", "the .osm.pbf to write")
    )
    command.options.add_argument(
        "--area", type=Path, required=True, metavar="FILE", help=say("研究区的面", "polygons of the study area")
    )
    command.options.add_argument(
        "--margin",
        type=float,
        default=3000.0,
        metavar="M",
        help=say("外扩几米；默认 3000", "metres around the area to keep, too; 3000"),
    )
    command.options.add_argument(
        "--sheet", metavar="NAME", help=say("文件中的工作表或图层", "sheet or layer of the area's file")
    )
    command.options.add_argument(
        "--where",
        nargs="+",
        default=[],
        metavar="COLUMN=VALUE,…",
        help=say("只要这些值的面", "only polygons with these values"),
    )
    command.options.add_argument(
        "--datum",
        choices=("wgs84", "cgcs2000", "gcj02", "bd09"),
        default="wgs84",
        help=say("研究区文件的坐标系；默认 wgs84", "datum of the area; wgs84"),
    )
    add_force(command, "以前的文件", "an earlier file")
    add_manner(command)
