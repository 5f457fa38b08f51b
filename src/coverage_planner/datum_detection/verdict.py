"""What the streets say about the datum of points, and how it is said."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from coverage_planner.sources.datum import Datum

Verdict = Literal["wgs84", "gcj02", "bd09", "undecided", "none", "not applicable"]
#: Why no datum is named: nothing to compare, or what the comparison found.
Reason = Literal["", "outside", "too few", "no streets", "chance", "close"]

#: Fewer points are not compared at all.
LEAST_POINTS = 10

#: A probability is never said to be more than this.
_MOST_SURE = 0.999

_NAMES = {"wgs84": "WGS 84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02", "bd09": "BD-09"}


@dataclass(frozen=True, eq=False)
class DatumVerdict:
    """What the streets say about the datum of points.

    Attributes
    ----------
    declared
        What the points were declared as.
    verdict
        The datum that they are in; 'undecided' where none is sure enough; 'none' where they fit the streets at some
        other displacement than those of the three; 'not applicable' where nothing can be compared.
    confidence
        Probability of the verdict; for 'undecided' that of the likeliest datum; 0 for 'not applicable'.
    n_points
        How many points were compared.
    table
        One row per datum: ``datum``, ``probability``, ``deviations`` (by how many standard deviations of chance the
        points fit better than displaced ones), ``median_m`` and ``typical_m`` (median and geometric mean of the
        distances to the nearest street), ``within_50m_share``, ``east_m`` and ``north_m`` (mean displacement from where
        the declaration puts the points). Empty for 'not applicable'.
    reason
        Why no datum is named: '', 'outside' (the shift does not apply there), 'too few' points, 'no streets' around
        them, 'chance' (they lie no nearer to streets than displaced points do), 'close' (the likeliest is not sure).
    displacement_m
        East and north: how the points, as declared, would have to move to fit best; only for 'none'.
    """

    declared: Datum
    verdict: Verdict
    confidence: float
    n_points: int
    table: pd.DataFrame
    reason: Reason = ""
    displacement_m: tuple[float, float] | None = None

    @property
    def agrees(self) -> bool | None:
        """Whether the verdict is what was declared; None where there is no verdict."""
        if self.verdict in {"undecided", "not applicable"}:
            return None
        return self.verdict == plain(self.declared)

    @property
    def says(self) -> str:
        """The verdict as an English sentence."""
        return self.sentence("en")

    def sentence(self, language: Literal["zh", "en"]) -> str:
        """Say the verdict with its numbers.

        Parameters
        ----------
        language
            'zh' or 'en'.
        """
        texts = _TEXTS[language]
        key = "agrees" if self.agrees else self.verdict if self.verdict in texts else "other"
        east, north = self.displacement_m or (0.0, 0.0)
        sides = {"along": (east, "east", "west"), "across": (north, "north", "south")}
        likeliest = "" if self.table.empty else str(self.table["datum"][self.table["probability"].argmax()])
        medians = zip(self.table["datum"], self.table["median_m"], strict=True)
        facts = {
            "n": self.n_points,
            "declared": _NAMES[self.declared],
            "found": _NAMES.get(self.verdict, ""),
            "verdict": self.verdict,
            "likeliest": _NAMES.get(likeliest, ""),
            # no finite number of points makes sure
            "confidence": f"{min(self.confidence, _MOST_SURE):.1%}",
            "reason": texts.get(self.reason, ""),
            "medians": texts["join"].join(
                texts["median"].format(datum=_NAMES[datum], metres=f"{median:.0f}") for datum, median in medians
            ),
        } | {
            name: texts[plus if metres >= 0 else minus].format(metres=f"{abs(metres):.0f}")
            for name, (metres, plus, minus) in sides.items()
        }
        return texts[key].format(**facts)


_PLAIN: dict[Datum, Datum] = {"cgcs2000": "wgs84"}


def plain(datum: Datum) -> Datum:
    """Return the datum that another one equals: WGS 84 for CGCS2000."""
    return _PLAIN.get(datum, datum)


_TEXTS: dict[Literal["zh", "en"], dict[str, str]] = {
    "en": {
        "agrees": (
            "{n} points fit the streets as {declared}, as declared (confidence {confidence}; median distance to the "
            "nearest street: {medians})"
        ),
        "other": (
            "these {n} points look like {found}, declared {declared} (confidence {confidence}; median distance to the "
            'nearest street: {medians}); declare datum = "{verdict}", unless the streets themselves are shifted'
        ),
        "none": (
            "these {n} points fit none of WGS 84, GCJ-02 and BD-09 (confidence {confidence}; median distance to the "
            "nearest street: {medians}); declared as {declared} they would fit best moved {along} and {across}; ask "
            "where the coordinates come from"
        ),
        "undecided": (
            "the datum of these {n} points cannot be told from the streets: {reason} (likeliest: {likeliest}, "
            "{confidence}; median distance to the nearest street: {medians}); ask where the coordinates come from"
        ),
        "not applicable": "the datum cannot be told from the streets: {reason}",
        "chance": "they lie no nearer to streets than points moved about at random",
        "close": "too few points, or too loosely tied to streets, to be sure",
        "outside": "the points lie outside the rectangle in which GCJ-02 and BD-09 are shifted",
        "too few": f"there are fewer than {LEAST_POINTS} different places to compare",
        "no streets": f"fewer than {LEAST_POINTS} of the places lie among the streets",
        "median": "{metres} m as {datum}",
        "join": ", ",
        "east": "{metres} m east",
        "west": "{metres} m west",
        "north": "{metres} m north",
        "south": "{metres} m south",
    },
    "zh": {
        "agrees": "{n} 个点按所声明的 {declared} 与道路相符（置信度 {confidence}；离最近道路的中位距离：{medians}）",
        "other": (
            "这 {n} 个点看起来是 {found}，声明的却是 {declared}（置信度 {confidence}；离最近道路的中位距离：{medians}"
            '）；请改为 datum = "{verdict}"，除非道路数据本身有偏移'
        ),
        "none": (
            "这 {n} 个点与 WGS 84、GCJ-02、BD-09 都不相符（置信度 {confidence}；离最近道路的中位距离：{medians}）；"
            "按声明的 {declared}，要再{along}、{across}才与道路最相符；请查明坐标来源"
        ),
        "undecided": (
            "无法由道路判断这 {n} 个点的坐标系：{reason}（最可能是 {likeliest}，{confidence}；离最近道路的中位距离："
            "{medians}）；请查明坐标来源"
        ),
        "not applicable": "无法由道路判断坐标系：{reason}",
        "chance": "它们离道路并不比随机移动后的点更近",
        "close": "点太少，或与道路的关系太松散，不足以确定",
        "outside": "这些点在 GCJ-02、BD-09 偏移算法的适用范围之外",
        "too few": f"不同的位置少于 {LEAST_POINTS} 个",
        "no streets": f"位于道路之间的位置少于 {LEAST_POINTS} 个",
        "median": "按 {datum} {metres} 米",
        "join": "，",
        "east": "向东移 {metres} 米",
        "west": "向西移 {metres} 米",
        "north": "向北移 {metres} 米",
        "south": "向南移 {metres} 米",
    },
}
