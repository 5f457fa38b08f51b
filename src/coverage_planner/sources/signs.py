"""Signs that people write for others: full-width digits, typographic dashes and quotes, words for nothing."""

import unicodedata

_SIGNS = {
    **dict.fromkeys("−‐‑‒–—―－﹣", "-"),
    **dict.fromkeys("′’‘´＇ʹ`", "'"),
    **dict.fromkeys("″”“〃＂ʺ", '"'),
    **dict.fromkeys("º˚゜", "°"),
    **dict.fromkeys("。｡", "."),
    **dict.fromkeys("\u200b\u200c\u200d\ufeff\u2060", ""),
}
#: Signs that are written for others: dashes for minus, typographic quotes for primes, a full stop for a point.
_PLAIN_SIGNS = str.maketrans(_SIGNS)


def plain(text: str) -> str:
    """Return a text with ordinary digits, letters and signs instead of full-width and typographic ones."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFKC", text.translate(_PLAIN_SIGNS)).translate(_PLAIN_SIGNS).strip()


#: Texts that stand where there is nothing to say.
NOTHING = frozenset(
    {"-", "--", "---", "/", "\\", "无", "暂无", "没有", "未知", "不详", "未填", "待定", "n/a", "na", "null", "none"}
)
