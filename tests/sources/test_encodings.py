"""Which encoding a text file is in: recognised, refused, or said wrongly."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.sources import encodings
from coverage_planner.sources.encodings import (
    DOUBTFUL_NOTE,
    GB18030_NOTE,
    UTF16_NOTE,
    everyday_share,
    read_as,
    recognise_encoding,
)

STATIONS = "编号,名称,地址,经度,纬度\n1,洪山驿站,珞喻路766号,114.36,30.51\n2,硚口服务点,解放大道,114.26,30.58\n"
#: Prose that nobody of this project wrote: the Universal Declaration of Human Rights, article 1, in Chinese.
ARTICLE = "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。"


def written(tmp_path, data: bytes):
    path = tmp_path / "站点 表.csv"
    path.write_bytes(data)
    return path


class TestWhatIsRecognised:
    @pytest.mark.parametrize(
        ("encoding", "codec", "note"),
        [
            ("utf-8", "utf-8", ""),
            ("utf-8-sig", "utf-8-sig", ""),
            ("utf-16", "utf-16", UTF16_NOTE),
            ("gb18030", "gb18030", GB18030_NOTE),
            ("gbk", "gb18030", GB18030_NOTE),
        ],
    )
    def test_chinese(self, tmp_path, encoding, codec, note):
        assert recognise_encoding(written(tmp_path, STATIONS.encode(encoding))) == (codec, note)

    def test_rare_characters_of_names(self, tmp_path):
        text = "name,lon,lat\n𠮷祥驿站,114.3,30.5\n㐂乐龘驿站,114.3,30.5\n鄞州瓯海驿站,114.3,30.5\n"
        assert recognise_encoding(written(tmp_path, text.encode("gb18030")))[0] == "gb18030"

    def test_either_order_of_bytes(self, tmp_path):
        for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
            assert recognise_encoding(written(tmp_path, mark + STATIONS.encode(encoding))) == ("utf-16", UTF16_NOTE)

    def test_plain_ascii_and_nothing_are_utf8(self, tmp_path):
        assert recognise_encoding(written(tmp_path, b"lon,lat\n1,2\n")) == ("utf-8", "")
        assert recognise_encoding(written(tmp_path, b"")) == ("utf-8", "")

    def test_bytes_that_make_sense_either_way_are_remarked_on(self, tmp_path):
        assert "隆".encode("gb18030").decode() == "¡"
        assert recognise_encoding(written(tmp_path, "name\n隆\n".encode("gb18030"))) == ("utf-8", DOUBTFUL_NOTE)
        assert recognise_encoding(written(tmp_path, "name\ncafé, Zoë\n".encode())) == ("utf-8", "")

    @given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60))
    def test_whatever_is_utf8_is_read_as_utf8(self, tmp_path_factory, text):
        path = written(tmp_path_factory.getbasetemp(), f"name\n{text}\n".encode())
        codec, _ = recognise_encoding(path)
        assert path.read_text(codec).removeprefix("\ufeff") == path.read_text("utf-8").removeprefix("\ufeff")

    @given(st.lists(st.sampled_from(ARTICLE), min_size=2, max_size=40).map("".join))
    def test_everyday_chinese_is_never_mistaken(self, tmp_path_factory, text):
        for encoding in ("utf-8", "gb18030"):
            path = written(tmp_path_factory.getbasetemp(), f"名称\n{text}\n".encode(encoding))
            assert path.read_text(recognise_encoding(path)[0]) == f"名称\n{text}\n"

    def test_blocks_are_joined_where_characters_are_cut(self, tmp_path, monkeypatch):
        for size in (1, 3, 7, 64):
            monkeypatch.setattr(encodings, "_BLOCK", size)
            assert recognise_encoding(written(tmp_path, STATIONS.encode()))[0] == "utf-8"
            assert recognise_encoding(written(tmp_path, STATIONS.encode("gb18030")))[0] == "gb18030"


class TestWhatIsRefused:
    def test_mixed_encodings_name_the_lines_that_are_fewer(self, tmp_path):
        lines = [line.encode("gb18030") for line in STATIONS.splitlines()]
        lines[1] = STATIONS.splitlines()[1].encode("utf-8")
        with pytest.raises(
            InputError, match=r"站点 表\.csv must be in one encoding.*in UTF-8 are 1: line 2.*in GB18030"
        ):
            recognise_encoding(written(tmp_path, b"\n".join(lines)))
        lines = [line.encode() for line in [*STATIONS.splitlines(), "3,甲", "4,乙"]]
        lines[4] = "4,武昌驿站".encode("gbk")
        with pytest.raises(InputError, match=r"in GB18030 are 1: line 5; the others beyond ASCII are in UTF-8"):
            recognise_encoding(written(tmp_path, b"\n".join(lines)))

    def test_mixed_encodings_are_noticed_where_all_is_gb18030_by_accident(self, tmp_path):
        data = STATIONS.encode("gb18030") + "3,中国中国,,1,2\n".encode()
        assert data.decode("gb18030")  # every byte passes
        with pytest.raises(InputError, match=r"in UTF-8 are 1: line 4"):
            recognise_encoding(written(tmp_path, data))

    @pytest.mark.parametrize("text", ["中國香港特別行政區", "臺北市信義區市府路"])
    def test_traditional_chinese_in_big5_is_not_taken_for_gb18030(self, tmp_path, text):
        with pytest.raises(InputError, match=r"UTF-8 or GB18030 \(GBK\).*encoding='big5'"):
            recognise_encoding(written(tmp_path, f"name\n{text}\n".encode("big5")))

    @pytest.mark.parametrize(("text", "encoding"), [("Café\nZoë Müller\n", "cp1252"), ("Москва", "cp1251")])
    def test_nor_are_the_alphabets_of_europe(self, tmp_path, text, encoding):
        with pytest.raises(InputError, match="must be text in UTF-8 or GB18030"):
            recognise_encoding(written(tmp_path, text.encode(encoding)))

    def test_a_text_cut_in_a_character_is_named(self, tmp_path):
        data = STATIONS.encode().replace("珞喻路766号".encode(), "珞喻路".encode()[:-1])
        with pytest.raises(InputError, match=r"in 1: line 2 \(the other lines are in UTF-8; a text cut"):
            recognise_encoding(written(tmp_path, data))

    def test_utf16_without_its_mark(self, tmp_path):
        with pytest.raises(InputError, match=r"zero bytes.*encoding='utf-16-le'"):
            recognise_encoding(written(tmp_path, STATIONS.encode("utf-16-le")))
        assert recognise_encoding(written(tmp_path, STATIONS.encode("utf-16-le")), "utf-16-le") == ("utf-16-le", "")

    def test_utf16_that_is_cut_off(self, tmp_path):
        with pytest.raises(InputError, match=r"must be text in UTF-16.*cut off"):
            recognise_encoding(written(tmp_path, STATIONS.encode("utf-16")[:-1]))


class TestWhatIsSaid:
    def test_is_checked(self, tmp_path):
        path = written(tmp_path, STATIONS.encode("gb18030"))
        assert recognise_encoding(path, "gb2312") == ("gb18030", "")
        with pytest.raises(InputError, match=r"must be text in utf-8, got bytes that are not \(at byte 0, line 1\)"):
            recognise_encoding(path, "utf-8")

    def test_wrongly_is_noticed_even_where_every_byte_passes(self, tmp_path):
        path = written(tmp_path, "name\n中国中国\n".encode())
        with pytest.raises(InputError, match="its bytes are UTF-8, and in gb18030 they would read '涓"):
            recognise_encoding(path, "gb18030")
        with pytest.raises(InputError, match="its bytes are UTF-8"):
            recognise_encoding(path, "latin-1")
        with pytest.raises(InputError, match="begins with the mark of UTF-16"):
            recognise_encoding(written(tmp_path, STATIONS.encode("utf-16")), "gb18030")

    def test_is_taken_at_its_word_else(self, tmp_path):
        assert recognise_encoding(written(tmp_path, STATIONS.encode()), "utf-8") == ("utf-8-sig", "")
        assert recognise_encoding(written(tmp_path, STATIONS.encode("utf-8-sig")), "utf-8") == ("utf-8-sig", "")
        assert recognise_encoding(written(tmp_path, "臺北".encode("big5")), "big5") == ("big5", "")
        with pytest.raises(ConfigError, match="got 'utf-88'"):
            recognise_encoding(written(tmp_path, b"a"), "utf-88")

    def test_codecs_that_are_no_text_are_unknown(self, tmp_path):
        with pytest.raises(ConfigError, match="got 'hex'"):
            recognise_encoding(written(tmp_path, b"a"), "hex")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SourceError, match="must be a readable"):
        recognise_encoding(tmp_path / "a.csv")


def test_lines_and_shares():
    assert [read_as(line) for line in (b"a", "甲乙".encode(), "甲乙".encode("gbk"), "隆".encode("gbk"), b"\xff\xfe")] == [
        "ascii", "utf-8", "gb18030", "both", "neither"
    ]  # fmt: skip
    assert everyday_share(ARTICLE) == 1.0
    assert everyday_share("abc") == 1.0
    assert everyday_share(ARTICLE.encode()[: len(ARTICLE.encode()) // 2 * 2].decode("gb18030", "ignore")) < 0.3
