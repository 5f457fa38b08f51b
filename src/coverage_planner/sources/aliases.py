"""How planners call things in their tables: columns and levels, in Chinese and English."""

from collections.abc import Mapping

#: Names of columns as planners write them, Chinese and English; the first that a file has is taken. Letter case,
#: spaces, '_' and '-' do not matter. `columns={"name": "站点名称"}` overrides them.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "编号", "站点编号", "编码", "代码", "code", "fid", "序号"),
    "name": ("name", "名称", "站点名称", "驿站名称", "地点名称", "站点", "驿站", "名字"),
    "lon": ("lon", "lng", "long", "longitude", "经度", "x"),
    "lat": ("lat", "latitude", "纬度", "y"),
    "kind": ("kind", "type", "category", "类型", "类别", "分类", "种类"),
    "level": ("level", "级别", "等级", "层级"),
    "services": ("services", "service", "服务", "服务项目", "服务内容", "服务功能"),
    "opening_hours": ("opening_hours", "hours", "开放时间", "营业时间", "服务时间"),
    "capacity": ("capacity", "容量", "容纳人数", "座位数"),
    "entry_delay_s": ("entry_delay_s", "进门耗时", "进门用时"),
    "demand": ("demand", "weight", "population", "需求", "需求量", "人数", "人口", "骑手数", "订单量"),
    "group": ("group", "人群", "群体", "组别"),
    "cost": ("cost", "成本", "费用", "造价"),
    "area_m2": ("area_m2", "area", "面积", "建筑面积", "使用面积"),
    "address": ("address", "地址", "详细地址", "站点地址", "所在位置"),
    "community": ("community", "社区", "社区名称", "所属社区", "村居"),
    "source": ("source", "来源", "数据来源"),
    "subdistrict": ("subdistrict", "街道", "街道名称", "所属街道", "街镇", "乡镇街道"),
}

#: The same for areas: there the name is a community's.
AREA_ALIASES: Mapping[str, tuple[str, ...]] = {
    **ALIASES,
    "name": (*ALIASES["name"], "社区", "社区名称", "community", "小区"),
}

#: Levels as planners write them. Other texts are kept as they are.
LEVELS: Mapping[str, str] = {
    "服务中心": "hub",
    "中心": "hub",
    "驿站": "satellite",
    "hub": "hub",
    "satellite": "satellite",
}
