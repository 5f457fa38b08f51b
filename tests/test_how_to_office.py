"""The how-to pages about office files, followed word for word: every file saved, every command run, every figure seen."""

import re
import shlex
import shutil

import pytest

from coverage_planner.cli import main

BLOCKS = re.compile(r"```(toml)?\n(.*?)```", re.DOTALL)
PAGES = ["from-a-spreadsheet.md", "from-a-spreadsheet.zh-CN.md", "your-own-roads.md", "your-own-roads.zh-CN.md"]


def tables_of(piece: str) -> dict[str, str]:
    """A piece of plan file by its tables; the lines before the first have the name ""."""
    tables: dict[str, str] = {}
    name = ""
    for line in piece.splitlines(keepends=True):
        header = re.match(r"\[+[\w.]+\]+", line)
        if header:
            name = header.group() if header.group() not in tables else f"{header.group()} {len(tables)}"
        tables[name] = tables.get(name, "") + line
    return tables


def change(plan: str, piece: str) -> str:
    """Put the tables of a piece in the place of those the plan has; [[groups]] are added before [siting]."""
    changed = tables_of(plan)
    for name, text in tables_of(piece).items():
        changed[f"{name} more" if name.startswith("[[") else name] = text
    return "".join(changed.values())


@pytest.fixture
def followed(repository, tmp_path, monkeypatch, capsys):
    """Follow a page in a copy of data/; return its folder and what each coverage-planner command printed."""

    def follow(page: str):
        place = tmp_path / "项目 一"
        shutil.copytree(repository / "data", place / "data")
        monkeypatch.chdir(place)
        printed, plan, folder = [], "", place
        for kind, text in BLOCKS.findall((repository / "docs" / "how-to" / page).read_text(encoding="utf-8")):
            if kind:
                plan = change(plan, text) if plan else text
                (folder / "plan.toml").write_text(plan, encoding="utf-8")
                continue
            for line in text.splitlines():
                words = shlex.split(line)
                if words[:2] == ["python", "-c"]:
                    exec(words[2], {})  # noqa: S102 - the page's own line
                elif words[0] == "cd":
                    folder = folder / words[1]
                    monkeypatch.chdir(folder)
                elif words[0] == "coverage-planner":
                    code = main(words[1:])
                    printed.append((words[1], code, capsys.readouterr().out))
                else:
                    assert line == "python -m pip install ."
        return folder, printed

    return follow


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_followed_word_for_word_gives_what_it_says(repository, followed, page):
    folder, printed = followed(page)
    assert [name for name, _, _ in printed][-1] == "plan"
    assert all(code == {"check": 1, "plan": 0}[name] for name, code, _ in printed)
    assert (folder / "results" / "map.html").stat().st_size > 100_000
    assert (folder / "check.html").stat().st_size > 10_000
    text = (repository / "docs" / "how-to" / page).read_text(encoding="utf-8")
    said = "\n".join(out for _, _, out in printed)
    figures = [figure for figure in FIGURES[page.split(".")[0]] if figure not in text.replace("\n> ", " ")]
    assert figures == []
    assert [figure for figure in FIGURES[page.split(".")[0]] if figure not in said] == []
    if page.startswith("from-a-spreadsheet"):
        names = {path.name for path in (folder / "results").iterdir()}
        assert {"summary.xlsx", "rejected.csv", "remarks.csv", "online_map_gcj02.geojson"} <= names
        assert "早6:30至晚11点" in (folder / "results" / "remarks.csv").read_text(encoding="utf-8-sig")
        assert "驿站台账.xlsx,34,S31" in (folder / "results" / "rejected.csv").read_text(encoding="utf-8-sig")


#: Figures that stand on the pages in both languages, and that the commands must print.
FIGURES = {
    "from-a-spreadsheet": ["BD-09", "99.9%", "253", "34"],
    "your-own-roads": ["3043", "28%", "1,147", "1,729", "83.4", "1,205.5", "6.9%", "70.2%"],
}


def test_every_page_exists_in_both_languages(repository):
    folder = repository / "docs" / "how-to"
    chinese = {path.name.removesuffix(".zh-CN.md") for path in folder.glob("*.zh-CN.md")}
    assert {page.split(".")[0] for page in PAGES} <= chinese
    assert all((folder / f"{name}.md").is_file() for name in chinese)
