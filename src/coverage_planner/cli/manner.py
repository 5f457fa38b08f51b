"""The options that commands share: how they speak, and what they may replace."""

from pathlib import Path

from coverage_planner.cli.help_format import Parser


def add_manner(command: Parser, *, language_of: str | None = None, page: bool = False) -> None:
    """Declare --language, --json, --quiet and, for commands that write a page, --open.

    Parameters
    ----------
    command
        The command's parser.
    language_of
        'plan' or 'results', whose language is the default; the computer's where it is None.
    page
        Whether the command writes a page.
    """
    say = command.say
    default = {
        "plan": say("默认为方案文件的语言", "the plan's if not given"),
        "results": say("默认为结果的语言", "that of the results if not given"),
        None: say("默认为本机的语言", "the computer's if not given"),
    }[language_of]
    command.options.add_argument(
        "--language",
        choices=("zh", "en"),
        help=say(
            f"所写内容和提示的语言：zh 中文，en 英文；{default}", f"language of what is written and said; {default}"
        ),
    )
    command.options.add_argument(
        "--json",
        action="store_true",
        help=say("只输出一个 JSON 对象，供其他程序使用", "print one JSON object alone, for other programs"),
    )
    command.options.add_argument(
        "--quiet",
        action="store_true",
        help=say("不显示进度条和摘要，只报告错误", "show no progress and no summary, errors only"),
    )
    if page:
        command.options.add_argument(
            "--open",
            action="store_true",
            help=say("完成后在浏览器中打开网页", "show the page in the browser when done"),
        )


def add_out(command: Parser, *, what: tuple[str, str], required: bool = True) -> None:
    """Declare --out, the folder or file to write."""
    command.options.add_argument("--out", type=Path, required=required, metavar=what[0], help=what[1])


def add_force(command: Parser, zh: str, en: str) -> None:
    """Declare --force, to replace what an earlier run wrote."""
    command.options.add_argument("--force", action="store_true", help=command.say(f"覆盖{zh}", f"replace {en}"))
