"""Shapefiles: parts that are missing, packed ones, and texts in encodings said, unsaid and said wrongly."""

import shutil
import warnings
import zipfile

import pyogrio
import pytest

from coverage_planner.errors import ConfigError, CrsError, InputError, SourceError
from coverage_planner.sources.encodings import GB18030_NOTE
from coverage_planner.sources.points import read_facilities
from coverage_planner.sources.shapefiles import CUT_TEXT, UNSAID_UTF8_NOTE
from coverage_planner.sources.tables import read_table
from written_files import as_layer

NAMES = ["中心站", "银行驿站", "三号"]


def write(folder, encoding="utf-8", cpg: str | None = None, layer=None, stem="站点 a"):
    """Write a Shapefile; `cpg` is what its .cpg file says, None for none."""
    path = folder / f"{stem}.shp"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # GDAL says that it shortens names and texts
        pyogrio.write_dataframe(as_layer().assign(名称=NAMES) if layer is None else layer, path, encoding=encoding)
    path.with_suffix(".cpg").unlink()
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def packed(path, folder="", leave_out=()):
    target = path.with_suffix(".zip")
    with zipfile.ZipFile(target, "a") as archive:
        for part in sorted(path.parent.glob(f"{path.stem}.*")):
            if part.suffix not in {".zip", *leave_out}:
                archive.write(part, folder + part.name)
    return target


class TestEncodings:
    @pytest.mark.parametrize(
        ("encoding", "cpg", "notes"),
        [
            ("gb18030", None, (GB18030_NOTE,)),
            ("utf-8", None, (UNSAID_UTF8_NOTE,)),
            ("utf-8", "UTF-8", ()),
            ("gb18030", "GBK", ()),
            ("gb18030", "936", ()),
            ("gb18030", "ANSI 936", ()),
            ("gb18030", "what?", (GB18030_NOTE,)),
        ],
    )
    def test_are_said_or_recognised(self, tmp_path, encoding, cpg, notes):
        table = read_table(write(tmp_path, encoding, cpg))
        assert table.table["名称"].tolist() == NAMES
        assert list(table.table.columns) == ["编号", "名称", "级别", "容量"]
        assert table.notes == notes

    @pytest.mark.parametrize(("encoding", "cpg"), [("gb18030", "UTF-8"), ("utf-8", "GBK"), ("gb18030", "ISO-8859-1")])
    def test_said_wrongly_by_the_cpg_file_are_warned_of_and_read_right(self, tmp_path, encoding, cpg):
        path = write(tmp_path, encoding, cpg)
        with pytest.warns(UserWarning, match=rf"the \.cpg file.*the texts are {encoding.upper()}.*correct the \.cpg"):
            table = read_table(path)
        assert table.table["名称"].tolist() == NAMES

    def test_said_by_the_planner_are_checked(self, tmp_path):
        path = write(tmp_path, "gb18030")
        assert read_table(path, encoding="gbk").table["名称"].tolist() == NAMES
        with pytest.raises(InputError, match="must be in the encoding said, utf-8; they are in GB18030"):
            read_table(path, encoding="utf-8")
        with pytest.raises(InputError, match="must be in the encoding said, gbk; they are in UTF-8"):
            read_table(write(tmp_path, "utf-8", "GBK"), encoding="gbk")
        with pytest.raises(ConfigError, match="got 'gbkk'"):
            read_table(path, encoding="gbkk")

    def test_not_recognised_must_be_said(self, tmp_path):
        path = write(
            tmp_path,
            "cp1252",
            layer=as_layer()
            .assign(名称=["Café", "Zoë", "à"])
            .rename(columns=str)[["名称", "geometry"]]
            .rename(columns={"名称": "name"}),
        )
        with pytest.raises(InputError, match=r"站点 a\.shp must say the encoding of its texts.*encoding='gb18030'"):
            read_table(path)
        assert read_table(path, encoding="cp1252").table["name"].tolist() == ["Café", "Zoë", "à"]
        path.with_suffix(".cpg").write_text("ISO-8859-1")
        assert read_table(path).table["name"].tolist() == ["Café", "Zoë", "à"]

    def test_of_plain_ascii_need_not_be_said(self, tmp_path):
        layer = as_layer().assign(名称=["a", "b", "c"]).rename(columns={"名称": "name"})[["name", "geometry"]]
        assert read_table(write(tmp_path, layer=layer)).notes == ()

    def test_texts_of_other_bytes_are_named(self, tmp_path):
        path = write(tmp_path, "utf-8", "UTF-8")
        data = path.with_suffix(".dbf").read_bytes()
        path.with_suffix(".dbf").write_bytes(data.replace("银行".encode(), b"\xff\xff\xff\xff\xff\xff"))
        with pytest.raises(InputError, match=r"must be in UTF-8, got bytes that are not, in 1: feature 2"):
            read_table(path)

    def test_texts_cut_by_the_width_of_the_field_are_remarked_on(self, tmp_path):
        long = "一二" * 60  # 360 bytes of UTF-8 where a field has up to 254
        path = write(tmp_path, "utf-8", "UTF-8", as_layer().assign(名称=[long, "乙", "丙"]))
        data = path.with_suffix(".dbf").read_bytes()
        place = data.index("一".encode())
        # GDAL itself cuts between characters; a program that counts bytes does not
        path.with_suffix(".dbf").write_bytes(data[:place] + b"a" + data[place : place + 251] + data[place + 252 :])
        table = read_table(path)
        kept = f"a{long}"[:84]
        assert table.table["名称"].tolist() == [kept, "乙", "丙"]
        assert [(r.row, r.column, r.given, r.remark) for r in table.remarks] == [(1, "名称", kept, CUT_TEXT)]

    def test_names_of_columns_cut_by_their_width_are_said(self, tmp_path):
        path = write(tmp_path, "utf-8", "UTF-8", as_layer().rename(columns={"名称": "站点的名称"}))
        table = read_table(path)
        assert "站点的" in table.table.columns
        assert table.notes == ("names of columns were cut in the middle of a character: 站点的",)


class TestPartsThatAreMissing:
    def test_the_index(self, tmp_path):
        path = write(tmp_path)
        path.with_suffix(".shx").unlink()
        with pytest.raises(
            SourceError, match=r"站点 a\.shp must be a whole Shapefile, got none of the parts \['\.shx'\]"
        ):
            read_table(path)

    def test_the_texts(self, tmp_path):
        path = write(tmp_path)
        path.with_suffix(".dbf").unlink()
        with pytest.warns(UserWarning, match=r"should come with its \.dbf file"):
            table = read_table(path)
        assert len(table.table) == 3

    def test_the_crs(self, tmp_path):
        path = write(tmp_path)
        path.with_suffix(".prj").unlink()
        assert read_table(path).geometry.crs is None
        with pytest.raises(CrsError, match=r"must say its coordinate reference system.*\.prj"):
            read_facilities(path)

    @pytest.mark.parametrize("suffix", [".dbf", ".shx", ".prj", ".cpg"])
    def test_a_part_is_no_shapefile(self, tmp_path, suffix):
        path = write(tmp_path, cpg="UTF-8").with_suffix(suffix)
        with pytest.raises(SourceError, match=r"belongs to a Shapefile: name the \.shp file"):
            read_table(path)

    @pytest.mark.parametrize("suffix", [".shp", ".dbf", ".shx"])
    def test_half_of_one(self, tmp_path, suffix):
        part = write(tmp_path).with_suffix(suffix)
        part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
        with pytest.raises(SourceError, match=r"站点 a\.shp must be a readable"):
            read_table(part.with_suffix(".shp"))


class TestPackedOnes:
    @pytest.mark.parametrize("folder", ["", "文件夹/里面/"])
    def test_are_read_where_they_are(self, tmp_path, folder):
        table = read_table(packed(write(tmp_path, "gb18030"), folder))
        assert table.table["名称"].tolist() == NAMES
        assert table.notes == (GB18030_NOTE,)

    def test_say_their_encoding(self, tmp_path):
        with pytest.warns(UserWarning, match=r"\.cpg file of 站点 a\.zip"):
            read_table(packed(write(tmp_path, "gb18030", "UTF-8")))

    def test_several_must_be_named(self, tmp_path):
        path = packed(write(tmp_path))
        other = packed(write(tmp_path, stem="b", layer=as_layer().iloc[:1]))
        with zipfile.ZipFile(path, "a") as archive, zipfile.ZipFile(other) as more:
            for name in more.namelist():
                archive.writestr(name, more.read(name))
        with pytest.raises(
            ConfigError, match=r"one layer of 站点 a\.zip must be named.*2: 站点 a, b; say sheet='站点 a'"
        ):
            read_table(path)
        assert len(read_table(path, sheet="b").table) == 1
        with pytest.raises(ConfigError, match=r"must be one of \['站点 a', 'b'\], got 'c'"):
            read_table(path, sheet="c")

    def test_names_in_gbk_are_readable(self, tmp_path):
        class GbkEntry(zipfile.ZipInfo):
            """An entry as programs of Chinese Windows write it."""

            def _encodeFilenameFlags(self):  # noqa: N802 - zipfile's name
                return self.filename.encode("gbk"), self.flag_bits

        write(tmp_path, "gb18030", stem="现状")
        write(tmp_path, "gb18030", stem="规划", layer=as_layer().iloc[:1])
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            for part in sorted((*tmp_path.glob("现状.*"), *tmp_path.glob("规划.*"))):
                archive.writestr(GbkEntry(part.name), part.read_bytes())
        with zipfile.ZipFile(tmp_path / "x.zip") as archive:
            assert "现状.shp" not in archive.namelist()
        assert read_table(tmp_path / "x.zip", sheet="现状").table["名称"].tolist() == NAMES
        with pytest.raises(ConfigError, match="it has 2: 现状, 规划"):
            read_table(tmp_path / "x.zip")

    def test_need_all_parts_too(self, tmp_path):
        with pytest.raises(SourceError, match=r"must be a whole Shapefile, got none of the parts \['\.shx'\]"):
            read_table(packed(write(tmp_path), leave_out=[".shx"]))

    def test_of_something_else(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr("表.csv", "x")
        with pytest.raises(SourceError, match=r"a\.zip must hold a Shapefile.*got 1: 表\.csv"):
            read_table(tmp_path / "a.zip")

    def test_another_layer_is_read_too(self, tmp_path):
        as_layer().to_file(tmp_path / "a.geojson")
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.write(tmp_path / "a.geojson", "a.geojson")
        assert len(read_table(tmp_path / "a.zip").table) == 3

    def test_that_unpack_to_too_much(self, tmp_path, monkeypatch):
        monkeypatch.setattr("coverage_planner.sources.packed_files.MOST_UNPACKED", 100)
        with pytest.raises(SourceError, match="must unpack to at most"):
            read_table(packed(write(tmp_path)))


def test_a_name_beside_another_is_not_its_part(tmp_path):
    path = write(tmp_path, "gb18030")
    shutil.copy(path.with_suffix(".dbf"), tmp_path / "站点 a.old.dbf")
    (tmp_path / "站点 a.shp.cpg").write_text("UTF-8")
    assert read_table(path).notes == (GB18030_NOTE,)
