"""The notebooks that come with the package, copied with their data to where they can be read and changed."""

import shutil
from os import PathLike
from pathlib import Path

from coverage_planner.demo import data_folder, demo_city, office_files
from coverage_planner.whole_folder import check_replaceable, whole_folder

#: Notebook -> the question that it answers, in Chinese and English.
NOTEBOOKS = {
    "01_first_plan.ipynb": ("谁能走到驿站，新站点开在哪里？", "who reaches a station, and where should the next open?"),
    "02_the_complete_circle.ipynb": (
        "什么服务、几点开门、给谁用、坐得下吗？",
        "who is served, for what, at which hour?",
    ),
    "03_choose_sites.ipynb": ("选哪几处，按什么次序，怎样答辩？", "which sites, in which order, how to defend them?"),
    "04_compare_plans.ipynb": (
        "现状、方案甲、方案乙：谁得到，谁失去？",
        "today, plan A, plan B: who gains, who loses?",
    ),
    "05_your_own_city.ipynb": ("怎样换成自己的城市和自己的文件？", "how do your own files get in?"),
}
#: The copies of the data; the notebooks look for these names beside them.
DEMO, OFFICE = "demo", "office"
_README = "README.md"
_HEADING = "# coverage_planner：笔记本 notebooks"
#: What the notebooks write when they are run, and Jupyter beside them.
_WRITTEN = ("my-city", ".ipynb_checkpoints", "Untitled.ipynb")


def notebook_files() -> Path:
    """Return the folder of the notebooks: the installed package's, or the repository's ``notebooks``.

    Raises
    ------
    SourceError
        They did not come with this installation.
    """
    return data_folder("notebook_files", ("notebooks",), next(iter(NOTEBOOKS)))


def copy_notebooks(folder: str | PathLike[str], *, force: bool = False) -> Path:
    """Copy the notebooks and the data that they use to a folder, whole or not at all.

    Parameters
    ----------
    folder
        The folder to make.
    force
        Replace an earlier copy, and what was changed in it.

    Returns
    -------
    pathlib.Path
        The folder: the notebooks, ``demo`` and ``office`` with their data, README.md.

    Raises
    ------
    ConfigError
        The folder exists and `force` is not given, or it holds something else.
    SourceError
        Notebooks or data did not come with this installation.
    """
    target = Path(folder).resolve()
    notebooks, demo, office = notebook_files(), demo_city(), office_files()

    def check() -> None:
        check_replaceable(
            target,
            what="notebooks",
            mark=_README,
            is_ours=_is_ours(target),
            files=(*NOTEBOOKS, DEMO, OFFICE, _README, *_WRITTEN),
            force=force,
        )

    check()
    with whole_folder(target, what="notebooks", check=check) as partial:
        for name in NOTEBOOKS:
            shutil.copyfile(notebooks / name, partial / name)
        for source, name in ((demo, DEMO), (office, OFFICE)):
            (partial / name).mkdir()
            for file in sorted(path for path in source.iterdir() if path.is_file()):
                shutil.copyfile(file, partial / name / file.name)
        (partial / _README).write_text(_readme(), encoding="utf-8", newline="\n")
    return target


def _is_ours(folder: Path) -> bool:
    try:
        return (folder / _README).read_text(encoding="utf-8").startswith(_HEADING)
    except (OSError, ValueError):
        return False


def _readme() -> str:
    rows = "\n".join(f"| `{name}` | {zh} | {en} |" for name, (zh, en) in NOTEBOOKS.items())
    return f"""{_HEADING}

在本文件夹中打开终端，运行下面的命令；浏览器会打开 JupyterLab，双击一个笔记本，从上到下逐格按 Shift+Enter。不需要联网。

Open a terminal in this folder and run the command below; JupyterLab opens in the browser. Double-click a notebook and
go through it from top to bottom with Shift+Enter. No network is needed.

```
jupyter lab
```

没有 JupyterLab 时先安装 / where there is no JupyterLab, install it first: `python -m pip install jupyterlab`

| 文件 file | 问题 | question |
|---|---|---|
{rows}

`demo` 是示范区的数据，`office` 是同一座城市在规划部门手里的样子；两者都是人工合成的，可以随意改动。
`demo` holds the data of the demo city, `office` the same city as a planning office has it; both are synthetic.
"""
