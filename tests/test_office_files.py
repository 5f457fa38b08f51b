"""data/office: made by its script, and no office file differs from what the script makes."""

import runpy
import sys
import zipfile

import openpyxl
import pytest


@pytest.fixture(scope="module")
def made(repository, tmp_path_factory):
    out = tmp_path_factory.mktemp("office") / "新 文件"
    before = sys.argv
    sys.argv = ["make_office_files.py", "--out", str(out)]
    try:
        runpy.run_path(str(repository / "data" / "make_office_files.py"), run_name="__main__")
    finally:
        sys.argv = before
    return out


def cells_of(path):
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(path).active.iter_rows()]


def test_the_office_files_are_those_that_the_script_makes(repository, made):
    kept = repository / "data" / "office"
    assert sorted(path.name for path in made.iterdir()) == sorted(path.name for path in kept.iterdir())
    for path in kept.iterdir():
        if path.suffix == ".xlsx":
            assert cells_of(made / path.name) == cells_of(path)
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as ours, zipfile.ZipFile(made / path.name) as theirs:
                assert ours.namelist() == theirs.namelist()
                # a .dbf begins with the date of its writing
                assert all(ours.read(name)[4:] == theirs.read(name)[4:] for name in ours.namelist())
        else:
            assert (made / path.name).read_bytes() == path.read_bytes()
