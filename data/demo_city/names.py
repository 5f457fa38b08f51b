"""Invented names. None is meant to be a real place."""

import numpy as np

ROW_ROADS = (
    "民安路", "和兴路", "朝晖路", "青禾路", "云栖路", "望江路", "文澜路", "永济路", "安澜路", "丰泽路",
    "霞光路", "秋实路", "春望路", "知行路", "广济路", "平湖路", "新禾路", "锦程路", "思源路", "长乐路",
    "东篱路", "南园路", "晴川路", "桐花路", "梧桐路", "翠屏路", "归帆路", "拾光路", "和畅路", "明德路",
)  # fmt: skip
COLUMN_ROADS = (
    "锦绣街", "文昌街", "书院街", "金桂街", "银杏街", "创业街", "工匠街", "建设街", "凤鸣街", "飞虹街",
    "云帆街", "星河街", "学府街", "丹桂街", "芙蓉街", "百合街", "同心街", "兴业街", "康宁街", "福安街",
    "玉兰街", "海棠街", "松涛街", "竹影街", "荷塘街", "稻香街", "麦浪街", "枫林街", "橘园街", "茶山街",
    "石桥街", "钟楼街",
)  # fmt: skip
SUBDISTRICTS = (
    "滨江街道", "望江街道", "文昌街道", "民安街道", "朝晖街道", "青禾街道", "云栖街道", "工匠街道", "南园街道",
    "石桥街道", "桐花街道", "晴川街道",
)  # fmt: skip
FIRST = (
    "安", "福", "和", "锦", "翠", "云", "星", "春", "秋", "明", "金", "玉", "香", "景", "康", "丰", "德", "文",
    "瑞", "祥", "桂", "兰", "松", "竹", "荷", "枫", "橘", "茶", "柳", "梅",
)  # fmt: skip
SECOND = (
    "泰", "宁", "苑", "林", "溪", "湖", "园", "华", "庭", "景", "瑞", "河", "源", "畔", "坊", "池", "岭", "桥",
    "亭", "洲",
)  # fmt: skip
COMPOUND_ENDINGS = ("花园", "家园", "小区", "新村", "公寓", "名苑", "雅居", "一期", "二期", "华府")
SURNAMES = ("陈", "李", "王", "周", "吴", "徐", "刘", "黄", "胡", "朱", "郭", "何", "罗", "宋", "谢")
DISHES = (
    "小炒", "牛肉粉", "拌粉馆", "饺子馆", "烤鱼", "火锅", "早点铺", "面馆", "麻辣烫", "快餐", "奶茶", "砂锅",
    "烧烤",
)  # fmt: skip
BANKS = ("示范银行", "江禾银行", "民安银行", "青禾农商银行")
PHARMACIES = ("康宁大药房", "福安药店", "惠民药房", "本草堂药店")
COURIERS = ("飞驿速递", "云雀快运", "青鸟快递", "百川物流")


class Pairs:
    """Two-character names in a drawn order, each given once."""

    def __init__(self, rng: np.random.Generator) -> None:
        names: list[str] = [a + b for a in FIRST for b in SECOND if a != b]
        self._names: list[str] = [names[i] for i in rng.permutation(len(names)).tolist()]
        self._next = 0

    def take(self) -> str:
        """Return the next name; after the last one they start again as the new, the eastern, the western ... one."""
        round_, at = divmod(self._next, len(self._names))
        self._next += 1
        return ("" if round_ == 0 else "新东西南北"[round_ - 1]) + self._names[at]
