"""The script of the README's pictures: of the right size, small, and they show something."""

import pytest
from PIL import Image

from browser import DESKTOP, PHONE
from drawn_pages import PAGES
from screenshots import MOST_BYTES, SHOTS, Shot, take_all

pytestmark = pytest.mark.browser


def test_pictures_are_small_and_show_the_pages(tmp_path):
    shots = [
        Shot("map", lambda _, made: PAGES["map"](made, "zh"), act="app.click.at(app.middle())"),
        Shot("phone", lambda _, made: PAGES["map"](made, "en"), PHONE),
    ]
    taken = take_all(tmp_path, tmp_path / "图片 out", shots)
    assert [path.name for path in taken] == ["map.png", "phone.png"]
    for path, size in zip(taken, (DESKTOP, PHONE), strict=True):
        assert path.stat().st_size <= MOST_BYTES
        with Image.open(path) as picture:
            assert picture.size == size
            colours = picture.convert("RGB").getcolors(1 << 20)
        largest = max(count for count, _ in colours) / (size[0] * size[1])
        assert len(colours) > 25
        assert largest < 0.9, path


def test_every_picture_of_the_readmes_is_one_of_the_script_s(repository):
    """Whoever changes a page makes its pictures anew with one command."""
    images = {path.stem for path in (repository / "docs" / "images").glob("*.png")}
    assert images <= {shot.name for shot in SHOTS}
