"""The commands and their help, without any library that takes time to load."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from coverage_planner import __version__
from coverage_planner.cli.examples import EXAMPLES, write_examples
from coverage_planner.cli.help_format import ChineseParser, Parser
from coverage_planner.cli.language import Language, system_language
from coverage_planner.cli.osm_options import add_clip_options, add_fetch_options
from coverage_planner.cli.plan_options import (
    add_check_options,
    add_demo_options,
    add_gaps_options,
    add_isochrones_options,
    add_network_command_options,
    add_plan_options,
    add_propose_options,
)
from coverage_planner.cli.results_options import (
    add_compare_options,
    add_map_options,
    add_notebooks_options,
    add_report_options,
)


class _Said(NamedTuple):
    zh: str
    en: str


class _Command(NamedTuple):
    add_options: Callable[[Parser], None]
    line: _Said
    description: _Said


#: Command -> what declares its options, one line of help and its description, each in Chinese and English.
_COMMANDS: Mapping[str, _Command] = {
    "demo": _Command(
        add_demo_options,
        _Said("在示范区（人工合成数据）上完成全部工作", "run the whole job on the demo city (synthetic)"),
        _Said(
            "在内置的示范区上完成全部工作：路网、覆盖、缺口、选址、地图和各表。示范区是人工合成的。",
            "Run the whole job on the demo city that comes with the program: streets, coverage, gaps, sites, map and "
            "tables. The demo city is synthetic.",
        ),
    ),
    "plan": _Command(
        add_plan_options,
        _Said("按方案文件在自己的数据上完成全部工作", "run a plan file on your own district"),
        _Said(
            "按方案文件完成全部工作，写出一个结果文件夹：map.html、summary.xlsx、result.gpkg 和各表。"
            "docs/plan-file.md 逐项说明方案文件，docs/results.md 说明结果。",
            "Do all that a plan file asks for and write a results folder: map.html, summary.xlsx, result.gpkg, tables. "
            "docs/plan-file.md explains the plan file, docs/results.md the results.",
        ),
    ),
    "propose": _Command(
        add_propose_options,
        _Said("只做选址，附证明", "choose the sites of a plan file, with a certificate, and nothing else"),
        _Said(
            "只为方案文件选址：路网、时间、缺口、候选点、选择。选项代替方案文件 [siting] 中的各项；"
            "docs/how-to/choose-sites.md 逐项说明。",
            "Choose the sites of a plan file: roads, times, gaps, candidates, choice. Options take the place of the "
            "plan's keys in [siting]; docs/how-to/choose-sites.md explains each of them.",
        ),
    ),
    "check": _Command(
        add_check_options,
        _Said(
            "说明方案文件的数据有什么问题，该怎么办", "say what is wrong with the data of a plan file, and what to do"
        ),
        _Said(
            "逐项读取方案文件的各个输入，说明哪里有问题、在第几行、该怎么办；"
            "docs/how-to/check-your-data.zh-CN.md 解释各条发现。\n"
            "退出码：0 没有影响结果的问题；1 有警告；2 有错误。",
            "Read every input of a plan file on its own and say what is wrong with it, with row numbers and what to "
            "do; docs/how-to/check-your-data.md explains the findings.\n"
            "exit code: 0 nothing that harms the results; 1 warnings; 2 errors",
        ),
    ),
    "isochrones": _Command(
        add_isochrones_options,
        _Said("各组时限内到得了的范围，写成图层", "what each group reaches in time, as a layer for a GIS"),
        _Said(
            "按方案文件画出现有站点的等时圈（不选址），写成一个图层；--minutes 可另定分钟数。",
            "Draw the isochrones of the stations that exist in a plan file, without choosing sites, as one layer; "
            "--minutes takes the place of the plan's cutoffs.",
        ),
    ),
    "gaps": _Command(
        add_gaps_options,
        _Said("列出现在的服务缺口及其原因", "list the gaps of today with their reasons"),
        _Said(
            "按方案文件找出现有站点的服务缺口（不选址）：多少人、什么原因、在哪里；--out 另写成图层。",
            "Find the gaps that the stations of a plan file leave, without choosing sites: how many people, why, "
            "where; --out writes them as a layer, too.",
        ),
    ),
    "map": _Command(
        add_map_options,
        _Said("用已有结果重画地图", "draw the map of a results folder again"),
        _Said(
            "用已有的结果文件夹重画地图，不重新计算：换语言、换组别、加审图号或在线底图。",
            "Draw the map of a results folder again without computing anything: in another language, for another "
            "group, with an approval number or an online base map.",
        ),
    ),
    "compare": _Command(
        add_compare_options,
        _Said("比较几个方案，或几处候选场所", "compare plans, or candidate premises"),
        _Said(
            "比较几个结果文件夹（现状、方案甲、方案乙）：谁得到、谁失去、谁不变，写出地图、各表和文字摘要。\n"
            "给出一个方案文件则比较它的候选场所：新增覆盖、与现有站点重叠、成本、先后影响。\n"
            "说明见 docs/how-to/compare-plans.md 和 docs/how-to/compare-sites.md。",
            "Compare several results folders (today, plan A, plan B): who gains, who loses, who keeps, on maps, in "
            "tables and in plain sentences. Given a plan file, compare its candidate premises: newly covered "
            "demand, overlap, cost, what each loses when another is built first. "
            "docs/how-to/compare-plans.md and docs/how-to/compare-sites.md explain the pages.",
        ),
    ),
    "report": _Command(
        add_report_options,
        _Said("写出可打印的报告", "write the report of a results folder, to print as PDF"),
        _Said(
            "把一个结果文件夹写成报告：封面、关键数字、地图、各表、方法、数据来源、局限。"
            "一个网页文件，在浏览器中打印为 PDF。"
            "说明见 docs/how-to/report.md。",
            "Write a results folder as a report: cover, key figures, maps, tables, method, sources, limits. One page "
            "that prints to PDF from the browser; docs/how-to/report.md explains it.",
        ),
    ),
    "notebooks": _Command(
        add_notebooks_options,
        _Said("复制五个笔记本和示范数据", "copy the five notebooks with the demo data"),
        _Said(
            "把五个 Jupyter 笔记本和所用的示范数据复制到一个文件夹，可以边读边改；"
            "docs/how-to/notebooks.md 说明怎样打开。",
            "Copy the five Jupyter notebooks and the demo data that they use into a folder, to read and to change; "
            "docs/how-to/notebooks.md says how to open them.",
        ),
    ),
    "fetch": _Command(
        add_fetch_options,
        _Said(
            "从 OpenStreetMap 获取一个地方的道路和场所",
            "fetch streets and points of interest of a place from OpenStreetMap's servers",
        ),
        _Said(
            "把一个地方获取到文件夹：streets.osm.pbf、pois.gpkg、study_area.geojson，以及待编辑的方案文件和站点表。\n"
            "中断后再运行会接着做；docs/how-to/openstreetmap.zh-CN.md 有说明。"
            "然后编辑 stations.csv，再运行 coverage-planner plan。",
            "Fetch a place into a folder: streets.osm.pbf, pois.gpkg, study_area.geojson, a plan file and stations to "
            "edit. An interrupted fetch goes on where it stopped; docs/how-to/openstreetmap.md explains it.\n"
            "Then edit stations.csv and run coverage-planner plan.",
        ),
    ),
    "clip": _Command(
        add_clip_options,
        _Said("从大的 OpenStreetMap 文件中裁出研究区", "cut a study area out of a large OpenStreetMap file"),
        _Said(
            "从任意大小的 .osm.pbf 中裁出研究区，只读一遍，占用内存很少；跨过边界的街道和湖泊保持完整。",
            "Cut a study area out of an .osm.pbf of any size, in one pass and little memory; streets and lakes that "
            "cross the edge stay whole.",
        ),
    ),
    "network": _Command(
        add_network_command_options,
        _Said("用道路文件建好路网并保存", "build a network from a road file and save it"),
        _Said(
            "用道路文件建好路网并保存，供多个方案文件在 [roads] 的 file 中使用。",
            "Build a network from a road file and save it, to name as file under [roads] in several plan files.",
        ),
    ),
}

#: What the help of the program itself shows.
_FIRST_EXAMPLES = {"demo": 1, "check": 2, "plan": 1, "propose": 2, "map": 3, "compare": 1, "report": 1, "notebooks": 1,
                   "fetch": 1}  # fmt: skip


def build_parser(language: Language | None = None) -> Parser:
    """Return the parser of the command line.

    Parameters
    ----------
    language
        Language of the help; the computer's by default.
    """
    speaking = ChineseParser if (language or system_language()) == "zh" else Parser
    parser = speaking(prog="coverage-planner")
    say = parser.say
    parser.description = say(
        "沿真实街道走，谁能在 15 分钟内到达服务站点？谁到不了？新站点开在哪里改善最大？",
        "Who reaches a service station within 15 minutes over the streets, who does not, and where the next one should "
        "open.",
    )
    parser.epilog = _first_examples(parser)
    parser.options.add_argument(
        "--version",
        action="version",
        version=f"coverage-planner {__version__}",
        help=say("显示版本", "show the version and exit"),
    )
    commands = parser.add_subparsers(
        dest="command",
        required=True,
        metavar="COMMAND",
        title=say("命令", "commands"),
    )
    for name, (add_options, line, description) in _COMMANDS.items():
        command = commands.add_parser(
            name, help=say(*line), description=say(*description), epilog=write_examples(name, say)
        )
        add_options(command)
    return parser


def _first_examples(parser: Parser) -> str:
    say = parser.say
    lines = [say("例：", "examples:")]
    for name, which in _FIRST_EXAMPLES.items():
        line, zh, en = EXAMPLES[name][which - 1]
        lines.append(f"  coverage-planner {line}\n      {say(zh, en)}")
    lines.append("")
    lines.append(
        say(
            "每个命令的选项和更多例子：coverage-planner 命令 --help\n退出码：0 完成；1 check 有警告；2 输入或设置有误，"
            "没有写入任何内容；130 被中断",
            "options and more examples of a command: coverage-planner COMMAND --help\n"
            "exit codes: 0 done; 1 warnings of check; 2 an input or setting is wrong, nothing was written; "
            "130 interrupted",
        )
    )
    return "\n".join(lines)
