"""The command line: parse, call the pipeline, print, exit code.

Exit codes: 0 done; 1 of `check`: warnings; 2 an input or setting is wrong (one message, nothing written; of `check`:
errors among its findings); 130 interrupted.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from coverage_planner import __version__
from coverage_planner.cli.check_options import CHECK_EXAMPLES, add_check_options
from coverage_planner.cli.osm_options import CLIP_EXAMPLES, FETCH_EXAMPLES, add_clip_options, add_fetch_options
from coverage_planner.cli.siting_options import PROPOSE_EXAMPLES, add_siting_options
from coverage_planner.errors import CoveragePlannerError

_INTERRUPTED = 130

_EXAMPLES = """\
examples:
  coverage-planner demo                          the whole job on the demo city, into ./coverage-planner-demo
  coverage-planner plan plan.toml --out results  the same on your own district (docs/plan-file.md explains the file)
  coverage-planner plan plan.toml --out results --force --language en
  coverage-planner check plan.toml --html check.html   what is wrong with the data of a plan, before it is run
  coverage-planner propose plan.toml --out sites --n-open 10 --gap 0.01   the sites alone, without a map
  coverage-planner fetch 南昌市西湖区 xihu       streets and points of interest of OpenStreetMap, with a plan to edit
  coverage-planner clip china.osm.pbf xihu.osm.pbf --area xihu.geojson   a study area out of a large file
  coverage-planner network district.osm.pbf net  build a network once, to name as [roads] file in several plans
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coverage-planner",
        description="Who reaches a service station within 15 minutes over the streets, who does not, and where the "
        "next one should open.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"coverage-planner {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="run the whole job on the demo city (synthetic)")
    demo.add_argument(
        "out", nargs="?", type=Path, default=Path("coverage-planner-demo"), metavar="DIR", help="folder to write"
    )
    plan = commands.add_parser("plan", help="run a plan file on your own district")
    propose = commands.add_parser(
        "propose",
        help="choose the sites of a plan file, with a certificate, and nothing else",
        description="Choose the sites of a plan file: roads, times, gaps, candidates, choice. Options take the place "
        "of the plan's keys in [siting]; docs/how-to/choose-sites.md explains each of them.",
        epilog=PROPOSE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for command in (plan, propose):
        command.add_argument("plan", type=Path, metavar="PLAN.toml", help="the plan file")
        command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
        command.add_argument(
            "--network",
            type=Path,
            metavar="DIR",
            help="where to keep the built network and look for it; by default beside the plan file, PLAN.network",
        )
        command.add_argument(
            "--rebuild", action="store_true", help="build the network even if a kept one could be used"
        )
    add_siting_options(propose)
    check = commands.add_parser(
        "check",
        help="say what is wrong with the data of a plan file, and what to do",
        description="Read every input of a plan file on its own and say what is wrong with it, with row numbers and "
        "what to do; docs/how-to/check-your-data.md explains the findings.",
        epilog=CHECK_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_check_options(check)
    fetch = commands.add_parser(
        "fetch",
        help="fetch streets and points of interest of a place from OpenStreetMap's servers",
        description="Fetch a place into a folder: streets.osm.pbf, pois.gpkg, study_area.geojson, a plan file and "
        "stations to edit. An interrupted fetch goes on where it stopped; docs/how-to/openstreetmap.md explains it.",
        epilog=FETCH_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_fetch_options(fetch)
    clip = commands.add_parser(
        "clip",
        help="cut a study area out of a large OpenStreetMap file",
        description="Cut a study area out of an .osm.pbf of any size, in one pass and little memory; streets and lakes "
        "that cross the edge stay whole.",
        epilog=CLIP_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_clip_options(clip)
    network = commands.add_parser("network", help="build a network from a road file and save it")
    network.add_argument("roads", type=Path, metavar="ROADS", help="the road file")
    network.add_argument("out", type=Path, metavar="DIR", help="folder to write")
    network.add_argument(
        "--modes",
        metavar="NAMES",
        help="modes with commas between them, of walk, bicycle, ebike, drive (the default), courier, truck",
    )
    for command, what in (
        (demo, "earlier results"),
        (plan, "earlier results"),
        (propose, "an earlier proposal"),
        (network, "an earlier network"),
    ):
        command.add_argument("--force", action="store_true", help=f"replace a folder of {what}")
    for command in (demo, plan, propose):
        command.add_argument(
            "--language", choices=("zh", "en"), help="language of map and tables; the plan's if not given"
        )
    network.add_argument("--language", choices=("zh", "en"), default="zh", help="language of what is printed")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        The words after ``coverage-planner``; those of the process by default.

    Returns
    -------
    int
        The exit code.
    """
    given = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Chinese name must not end the program on a console in another code page
            stream.reconfigure(errors="replace")
    try:
        from coverage_planner.cli.commands import COMMANDS  # noqa: PLC0415 - --help must start without heavy libraries

        code = COMMANDS[given.command](given) or 0
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read what is printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python says so once more at its end
        return 0
    except CoveragePlannerError as error:
        print(f"coverage-planner: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks
        return 2
    except KeyboardInterrupt:
        print("coverage-planner: interrupted; nothing was written", file=sys.stderr)  # noqa: T201
        return _INTERRUPTED
    return code
