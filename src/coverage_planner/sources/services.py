"""What stations offer: a catalogue of services with their names, and lists of services as planners write them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from coverage_planner.sources.signs import NOTHING, plain


@dataclass(frozen=True)
class Service:
    """A service: its name in Chinese and in English, and how else planners write it."""

    zh: str
    en: str
    aliases: tuple[str, ...] = ()


#: Id -> service. The first five are the basic ones that every station should offer (the '5' of '5 + X').
SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        "rest": Service(
            "休息",
            "rest",
            ("休憩", "歇脚", "休息室", "休息区", "临时休息", "休息座椅", "桌椅", "座椅", "resting", "seats", "seating"),
        ),
        "water": Service(
            "饮水",
            "drinking water",
            ("饮用水", "喝水", "热水", "开水", "饮水机", "直饮水", "茶水", "加水", "接水", "drinking_water"),
        ),
        "charging": Service(
            "充电",
            "phone charging",
            ("手机充电", "充电宝", "充电插座", "共享充电宝", "手机充电器", "phone_charging", "charger"),
        ),
        "meals": Service(
            "热饭",
            "warm meals",
            (
                "热餐",
                "加热",
                "饭菜加热",
                "加热饭菜",
                "微波炉",
                "微波炉热饭",
                "热饭菜",
                "餐食加热",
                "hot meal",
                "hot meals",
                "microwave",
                "meal heating",
                "warm meal",
            ),
        ),
        "medicine": Service(
            "药品",
            "medicine",
            (
                "医药",
                "药箱",
                "医药箱",
                "急救",
                "急救箱",
                "急救包",
                "应急药品",
                "常用药品",
                "常备药品",
                "防暑药品",
                "医疗急救",
                "first aid",
                "first_aid",
                "medicines",
            ),
        ),
        "toilet": Service(
            "厕所", "toilet", ("如厕", "卫生间", "公厕", "洗手间", "公共厕所", "toilets", "wc", "restroom")
        ),
        "ebike_charging": Service(
            "电动车充电",
            "e-bike charging",
            ("电瓶车充电", "电动自行车充电", "电单车充电", "车辆充电", "电车充电", "e-bike charging", "ebike charging"),
        ),
        "battery_swap": Service(
            "换电",
            "battery swap",
            ("电池更换", "换电柜", "更换电池", "电动车换电", "换电池", "battery swapping", "battery exchange"),
        ),
        "storage": Service(
            "存包",
            "storage",
            ("储物", "储物柜", "寄存", "物品寄存", "存物", "存放物品", "行李寄存", "lockers", "locker"),
        ),
        "wifi": Service(
            "无线网络", "Wi-Fi", ("wifi", "wi-fi", "上网", "无线上网", "免费wifi", "无线网", "网络", "wlan", "internet")
        ),
        "legal_aid": Service(
            "法律援助",
            "legal aid",
            ("法律咨询", "法律服务", "普法", "维权", "维权服务", "权益维护", "legal help", "legal advice", "legal"),
        ),
        "training": Service("技能培训", "training", ("培训", "技能提升", "职业培训", "学习培训", "skills training")),
        "reading": Service(
            "阅读",
            "reading",
            (
                "图书",
                "书报",
                "看书",
                "读书",
                "图书角",
                "书报阅读",
                "图书阅读",
                "报刊",
                "报刊阅读",
                "阅览",
                "books",
                "library",
            ),
        ),
        "shower": Service("淋浴", "shower", ("洗澡", "冲凉", "沐浴", "淋浴间", "showers")),
        "laundry": Service("洗衣", "laundry", ("洗衣机", "烘干", "洗衣服务", "衣物烘干", "washing machine")),
        "vehicle_repair": Service(
            "车辆维修",
            "vehicle repair",
            (
                "修车",
                "维修",
                "车辆修理",
                "电动车维修",
                "维修工具",
                "工具",
                "应急维修",
                "打气",
                "打气筒",
                "充气",
                "充气泵",
                "bike repair",
                "repair",
            ),
        ),
        "parking": Service(
            "停车", "parking", ("车辆停放", "电动车停放", "非机动车停放", "停车位", "停车服务", "bike parking")
        ),
        "counselling": Service(
            "心理咨询",
            "counselling",
            ("心理疏导", "心理服务", "心理辅导", "心理健康", "情绪疏导", "counseling", "psychological help"),
        ),
        "health_check": Service(
            "健康检查",
            "health check",
            (
                "体检",
                "健康体检",
                "量血压",
                "血压测量",
                "测血压",
                "义诊",
                "健康咨询",
                "健康检测",
                "health checks",
                "health_check",
            ),
        ),
        "haircut": Service("理发", "haircut", ("义剪", "剪发", "免费理发", "haircuts")),
        "air_conditioning": Service(
            "纳凉取暖",
            "cool and warm rooms",
            (
                "空调",
                "纳凉",
                "取暖",
                "避暑",
                "避寒",
                "避风避雨",
                "避雨",
                "遮风避雨",
                "冷暖空调",
                "air conditioning",
                "heating",
                "cooling",
            ),
        ),
        "rain_gear": Service(
            "雨具",
            "umbrellas and raincoats",
            ("雨伞", "爱心雨伞", "共享雨伞", "借伞", "雨衣", "便民雨伞", "umbrella", "umbrellas", "rain gear"),
        ),
        "sewing": Service("针线", "sewing kit", ("针线包", "缝补", "sewing")),
        "exercise": Service("健身", "exercise", ("健身器材", "运动", "文体活动", "健身房", "gym", "fitness")),
        "childcare": Service(
            "儿童托管", "childcare", ("托管", "托育", "子女托管", "爱心托管", "四点半课堂", "child care")
        ),
        "nursing_room": Service("母婴室", "nursing room", ("母婴", "哺乳室", "妈咪小屋", "爱心妈咪小屋", "baby care")),
        "job_help": Service(
            "就业服务",
            "job help",
            ("就业", "求职", "招聘", "就业指导", "就业咨询", "用工信息", "求职招聘", "jobs", "employment"),
        ),
        "party_service": Service(
            "党群服务",
            "party and union service",
            ("党建", "党建活动", "党员活动", "入会", "工会服务", "工会入会", "union"),
        ),
        "printing": Service("打印复印", "printing", ("打印", "复印", "print", "copying")),
        "express": Service("快递代收", "parcel point", ("快递", "代收快递", "快递存取", "快递柜", "parcels")),
        "meeting": Service("议事协商", "meeting room", ("会议", "会议室", "议事", "协商议事", "meeting")),
        "police": Service("警务服务", "police point", ("警务", "治安", "报警", "police")),
        "defibrillator": Service("除颤仪", "defibrillator", ("aed", "自动体外除颤器")),
        "television": Service("电视", "television", ("看电视", "影音", "tv", "film")),
    }
)

#: What joins the services of a cell: any list sign, a line break, a plus or an ampersand.
_SEPARATORS = re.compile(r"[;；、,，/|+&\n\r\t·•●★■◆()（）【】\[\]]|\s{2,}|(?<=[^\x00-\x7f])\s+|\s+(?=[^\x00-\x7f])")
#: Numbers in front of the parts of a list: ①, 1. , (2), 3), 一、
_NUMBERING = re.compile(r"[①-⑳❶-❿㈠-㈩]|[(（]\d{1,2}[)）]|(?:(?<=^)|(?<=[\s;；、,，。.]))\d{1,2}[.．、)）](?!\d)")
_CLOSING = re.compile(r"(?:等)?(?:服务|功能|设施|设备)?(?:等)?[.。]?$")
_OPENING = re.compile(r"^(?:[^不未无没]*提供(?:免费)?|免费|可以?|便民|基本服务|服务项目|服务内容)[:：]?")


def _key(text: str) -> str:
    return re.sub(r"[\s_-]", "", plain(text)).casefold()


@lru_cache(maxsize=1)
def _known() -> Mapping[str, str]:
    """Return every spelling of a service -> its id."""
    spellings: dict[str, str] = {}
    for service, names in SERVICES.items():
        for spelling in (service, names.zh, names.en, *names.aliases):
            spellings.setdefault(_key(spelling), service)
    return spellings


def find_service(text: str) -> str | None:
    """Return the id of a service that is written as one text, None where the catalogue does not know it."""
    key = _key(text)
    for spelling in (key, _OPENING.sub("", key), _CLOSING.sub("", key), _CLOSING.sub("", _OPENING.sub("", key))):
        if spelling in _known():
            return _known()[spelling]
    return None


def find_service_column(name: str) -> str | None:
    """Return the id of the service that a column of a wide table is named after, None where it is none.

    >>> find_service_column("饮水（台）"), find_service_column("基本服务/休息"), find_service_column("名称")
    ('water', 'rest', None)
    """
    bare = re.sub(r"[(\[【（〔].*?[)\]】）〕]", "", name)
    found = (find_service(text) for text in (name, bare, re.split(r"[/_:：-]", bare)[-1]))
    return next((service for service in found if service is not None), None)


def parse_services(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read a cell that lists services.

    Parameters
    ----------
    text
        Services joined by ; 、 ， / | + or line breaks, also numbered (①休息②饮水, 1.休息 2.饮水).

    Returns
    -------
    tuple
        Ids of the catalogue in the order of the text, each once, and the texts that it does not know.

    Examples
    --------
    >>> parse_services("①休息②饮水、手机充电；看海")
    (('rest', 'water', 'charging'), ('看海',))
    """
    known: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for part in _SEPARATORS.split(_NUMBERING.sub(";", text)):
        said = part.strip(" \u3000.。:：()（）[]【】\"'“”")
        said = re.sub(r"^(?:[和及与])|(?:等)$", "", said)
        if not said or plain(said).casefold() in NOTHING:
            continue
        service = find_service(said)
        pieces = [service] if service else [find_service(piece) for piece in re.split("[和及与]", said)]
        if all(pieces):
            known.update(dict.fromkeys(piece for piece in pieces if piece))
        else:
            unknown[said] = None
    return tuple(known), tuple(unknown)


def service_name(service: str, language: Literal["zh", "en"]) -> str:
    """Return the name of a service of the catalogue; any other text as it is."""
    found = SERVICES.get(service)
    if found is None:
        return service
    return found.zh if language == "zh" else found.en
