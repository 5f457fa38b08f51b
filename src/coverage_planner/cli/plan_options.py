"""The options of `demo`, `plan`, `propose`, `check`, `isochrones`, `gaps` and `network`."""

import math
from pathlib import Path

from coverage_planner.cli.help_format import Parser
from coverage_planner.cli.manner import add_force, add_manner, add_out
from coverage_planner.cli.siting_options import add_siting_options


def add_demo_options(command: Parser) -> None:
    """Declare the options of `demo`."""
    say = command.say
    command.main_words.add_argument(
        "out",
        nargs="?",
        type=Path,
        default=Path("coverage-planner-demo"),
        metavar="DIR",
        help=say("要写入的文件夹；默认 coverage-planner-demo", "folder to write; coverage-planner-demo by default"),
    )
    add_force(command, "以前的结果文件夹", "a folder of earlier results")
    add_manner(command, language_of="plan", page=True)


def add_plan_options(command: Parser) -> None:
    """Declare the options of `plan`."""
    _add_plan(command)
    add_out(command, what=("DIR", command.say("要写入的文件夹", "folder to write")))
    add_network_options(command)
    add_force(command, "以前的结果文件夹", "a folder of earlier results")
    add_manner(command, language_of="plan", page=True)


def add_propose_options(command: Parser) -> None:
    """Declare the options of `propose`."""
    _add_plan(command)
    add_out(command, what=("DIR", command.say("要写入的文件夹", "folder to write")))
    add_network_options(command)
    add_force(command, "以前的选址文件夹", "a folder of an earlier proposal")
    add_manner(command, language_of="plan")
    add_siting_options(command)


def add_check_options(command: Parser) -> None:
    """Declare the options of `check`."""
    say = command.say
    _add_plan(command)
    command.options.add_argument(
        "--html", type=Path, metavar="FILE", help=say("另写一页带地图的网页", "write one page with a map, too")
    )
    add_out(
        command,
        what=("DIR", say("另写一个文件夹：网页和各行的表格", "write the page and the tables of rows to a folder, too")),
        required=False,
    )
    add_force(command, "以前的检查文件夹", "a folder of an earlier check")
    add_manner(command, language_of="plan")


def add_isochrones_options(command: Parser) -> None:
    """Declare the options of `isochrones`."""
    say = command.say
    _add_plan(command)
    _add_layer(command, required=True)
    command.options.add_argument(
        "--minutes",
        type=_minutes,
        metavar="MIN,MIN,…",
        help=say(
            "各圈的分钟数，例如 5,10,15；默认为方案文件的",
            "minutes of the bands, such as 5,10,15; the plan's by default",
        ),
    )


def add_gaps_options(command: Parser) -> None:
    """Declare the options of `gaps`."""
    _add_plan(command)
    _add_layer(command, required=False)


def _add_layer(command: Parser, *, required: bool) -> None:
    say = command.say
    add_out(
        command,
        what=(
            "FILE",
            say("要写的图层：.gpkg（米）或 .geojson（经纬度）", "layer to write: .gpkg (metres), .geojson (degrees)"),
        ),
        required=required,
    )
    command.options.add_argument(
        "--group", metavar="NAME", help=say("只要这一组；默认全部", "one group; all by default")
    )
    add_network_options(command)
    add_force(command, "已有的文件", "a file that exists")
    add_manner(command, language_of="plan")


def _minutes(text: str) -> list[float]:
    minutes = [float(part) for part in text.split(",")]
    if not all(0 < one < math.inf for one in minutes):
        raise ValueError("not above zero")
    return minutes


def add_network_command_options(command: Parser) -> None:
    """Declare the options of `network`."""
    say = command.say
    command.main_words.add_argument("roads", type=Path, metavar="ROADS", help=say("道路文件", "the road file"))
    command.main_words.add_argument("out", type=Path, metavar="DIR", help=say("要写入的文件夹", "folder to write"))
    command.options.add_argument(
        "--modes",
        metavar="NAMES",
        help=say(
            "出行方式，以逗号分隔：walk、bicycle、ebike、drive（默认这四种）、courier、truck",
            "modes with commas between them, of walk, bicycle, ebike, drive (the default), courier, truck",
        ),
    )
    add_force(command, "以前的路网文件夹", "a folder of an earlier network")
    add_manner(command)


def add_network_options(command: Parser) -> None:
    """Declare where the built network is kept."""
    say = command.say
    command.options.add_argument(
        "--network",
        type=Path,
        metavar="DIR",
        help=say(
            "建好的路网保存和查找的地方；默认在方案文件旁，名为 PLAN.network",
            "where to keep the built network and look for it; by default beside the plan file, PLAN.network",
        ),
    )
    command.options.add_argument(
        "--rebuild",
        action="store_true",
        help=say("即使有可用的路网也重新构建", "build the network even if a kept one could be used"),
    )


def _add_plan(command: Parser) -> None:
    command.main_words.add_argument(
        "plan", type=Path, metavar="PLAN.toml", help=command.say("方案文件", "the plan file")
    )
