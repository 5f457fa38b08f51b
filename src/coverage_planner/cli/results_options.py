"""The options of `map`, `compare`, `report` and `notebooks`."""

from pathlib import Path

from coverage_planner.cli.help_format import Parser
from coverage_planner.cli.manner import add_force, add_manner, add_out
from coverage_planner.cli.plan_options import add_network_options


def add_map_options(command: Parser) -> None:
    """Declare the options of `map`."""
    say = command.say
    _add_results(command)
    add_out(
        command,
        what=("FILE", say("要写的网页；默认 RESULTS/map.html", "page to write; RESULTS/map.html by default")),
        required=False,
    )
    command.options.add_argument(
        "--group",
        metavar="NAME",
        help=say("先显示哪一组；默认主要组别", "group that is shown first; the headline group by default"),
    )
    _add_approval(command)
    command.options.add_argument(
        "--osm",
        action="store_true",
        help=say(
            "提供 OpenStreetMap 在线底图（默认不显示，需联网）",
            "offer OpenStreetMap as an online base map, off until it is switched on",
        ),
    )
    command.options.add_argument(
        "--tianditu-key",
        metavar="KEY",
        help=say(
            "提供天地图在线底图，KEY 为自己申请的密钥（会写入网页）",
            "offer Tianditu as an online base map; KEY is your own key, and stands in the page",
        ),
    )
    add_force(command, "已有的网页", "a page that exists")
    add_manner(command, language_of="results", page=True)


def add_compare_options(command: Parser) -> None:
    """Declare the options of `compare`."""
    say = command.say
    command.main_words.add_argument(
        "what",
        nargs="+",
        type=Path,
        metavar="RESULTS",
        help=say(
            "两个或更多结果文件夹；或者一个方案文件（.toml），比较它的候选场所",
            "two or more results folders; or one plan file (.toml), whose candidate premises are compared",
        ),
    )
    add_out(command, what=("DIR", say("要写入的文件夹", "folder to write")))
    command.options.add_argument(
        "--names",
        nargs="+",
        metavar="NAME",
        help=say(
            "各方案的名称，依次对应；默认用文件夹名",
            "what the plans are called, in order; the folders' names by default",
        ),
    )
    command.options.add_argument(
        "--sites",
        metavar="ID,ID,…",
        help=say(
            "方案文件中要比较的场所编号；不写则比较所选的几处和可替代它们的",
            "ids of a plan's premises to compare; by default those that are chosen, and what could replace them",
        ),
    )
    command.options.add_argument(
        "--all",
        action="store_true",
        help=say("比较方案文件的所有候选场所", "compare all candidates of a plan file"),
    )
    add_network_options(command)
    add_force(command, "以前的比较文件夹", "a folder of an earlier comparison")
    add_manner(command, language_of="results", page=True)


def add_report_options(command: Parser) -> None:
    """Declare the options of `report`."""
    say = command.say
    _add_results(command)
    add_out(
        command,
        what=("FILE", say("要写的网页；默认 RESULTS/report.html", "page to write; RESULTS/report.html by default")),
        required=False,
    )
    cover = command.add_argument_group(
        say("封面（默认取自方案文件的 [report]）", "cover (the plan's [report] by default)")
    )
    cover.add_argument("--title", metavar="TEXT", help=say("标题", "heading"))
    cover.add_argument("--organisation", metavar="TEXT", help=say("编制单位", "whose report it is"))
    cover.add_argument("--author", metavar="TEXT", help=say("编制人", "who made it"))
    cover.add_argument("--date", metavar="DATE", help=say("日期", "date that stands on it"))
    cover.add_argument("--notes", metavar="TEXT", help=say("说明", "a remark"))
    _add_approval(command)
    add_force(command, "已有的网页", "a page that exists")
    add_manner(command, language_of="results", page=True)


def add_notebooks_options(command: Parser) -> None:
    """Declare the options of `notebooks`."""
    command.main_words.add_argument(
        "out", type=Path, metavar="DIR", help=command.say("要写入的文件夹", "folder to write")
    )
    add_force(command, "以前复制的文件夹", "a folder of an earlier copy")
    add_manner(command)


def _add_results(command: Parser) -> None:
    command.main_words.add_argument(
        "results",
        type=Path,
        metavar="RESULTS",
        help=command.say("coverage-planner plan 写出的结果文件夹", "a folder that coverage-planner plan wrote"),
    )


def _add_approval(command: Parser) -> None:
    say = command.say
    command.options.add_argument(
        "--approval",
        metavar="NUMBER",
        help=say("地图审图号；默认为方案文件中的", "approval number of the map (审图号); the plan's by default"),
    )
    command.options.add_argument(
        "--boundary-source",
        metavar="TEXT",
        help=say("边界数据的来源；默认为方案文件中的", "where the boundaries come from; the plan's by default"),
    )
