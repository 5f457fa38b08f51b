"""How planners call things in their tables: columns and levels, in Chinese and English."""

from collections.abc import Mapping

#: Names of columns as planners, map services and mini-programs write them; the first that a file has is taken. Letter
#: case, spaces, '_', '-', '*' and what stands in brackets do not matter. `columns={"name": "站点名称"}` overrides them.
#: Names of coordinates may have a word of `DATUM_WORDS` before or behind them: 'gcj02_lng', '百度经度', 'lat_wgs84'.
ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "编号", "站点编号", "编码", "代码", "code", "fid", "序号", "站点ID", "站点编码", "点位编号",
           "点位编码", "驿站编号", "门店编号", "门店ID", "POI编号", "poi_id", "uid", "objectid"),
    "name": ("name", "名称", "站点名称", "驿站名称", "地点名称", "站点", "驿站", "名字", "点位名称", "场所名称",
             "POI名称", "poi_name", "name_poi", "门店名称", "店铺名称", "店名", "商户名称", "网点名称", "网点",
             "机构名称", "单位名称", "小区名称", "站名", "点位", "title"),
    "position": ("position", "坐标", "经纬度", "经纬度坐标", "坐标经纬度", "位置坐标", "点位坐标", "地理坐标",
                 "坐标点", "位置", "定位", "地理位置", "location", "coordinates", "coordinate", "lnglat", "lonlat",
                 "latlng", "latlon", "纬经度", "wkt", "geom", "geometry", "the_geom", "shape"),
    "lon": ("lon", "lng", "long", "longitude", "经度", "x", "经度坐标", "坐标经度", "位置经度", "东经", "经", "point_x",
            "坐标x", "x坐标", "横坐标", "location_lng", "location_lon", "coord_x", "东坐标"),
    "lat": ("lat", "latitude", "纬度", "y", "纬度坐标", "坐标纬度", "位置纬度", "北纬", "纬", "point_y", "坐标y",
            "y坐标", "纵坐标", "location_lat", "coord_y", "北坐标"),
    "kind": ("kind", "type", "category", "类型", "类别", "分类", "种类", "站点类型", "点位类型", "场所类型", "POI类型",
             "poi_type", "业态", "行业分类", "大类"),
    "level": ("level", "级别", "等级", "层级", "站点级别", "站点等级"),
    "services": ("services", "service", "服务", "服务项目", "服务内容", "服务功能", "功能", "服务设施", "配套服务",
                 "提供服务"),
    "opening_hours": ("opening_hours", "hours", "开放时间", "营业时间", "服务时间", "运营时间", "开放时段",
                      "工作时间", "open_time"),
    "capacity": ("capacity", "容量", "容纳人数", "座位数", "可容纳人数", "座位", "接待能力"),
    "entry_delay_s": ("entry_delay_s", "进门耗时", "进门用时"),
    "demand": ("demand", "weight", "population", "需求", "需求量", "人数", "人口", "骑手数", "订单量", "骑手人数",
               "骑手数量", "从业人数", "在岗人数", "订单数", "常住人口", "户籍人口", "总人口", "人口数", "居民人数",
               "pop", "权重"),
    "group": ("group", "人群", "群体", "组别"),
    "cost": ("cost", "成本", "费用", "造价", "建设成本", "改造费用", "租金"),
    "area_m2": ("area_m2", "area", "面积", "建筑面积", "使用面积", "平方米"),
    "address": ("address", "地址", "详细地址", "站点地址", "所在位置", "具体地址", "门店地址", "POI地址", "详细位置",
                "具体位置", "addr", "门牌号"),
    "community": ("community", "社区", "社区名称", "所属社区", "村居", "所在社区", "社区（村）", "居委会"),
    "source": ("source", "来源", "数据来源"),
    "subdistrict": ("subdistrict", "街道", "街道名称", "所属街道", "街镇", "乡镇街道", "所在街道", "街道（乡镇）",
                    "街道（镇）", "镇街", "街道办", "township"),
}  # fmt: skip

#: The same for areas: there the name is a community's.
AREA_ALIASES: Mapping[str, tuple[str, ...]] = {
    **ALIASES,
    "id": (*ALIASES["id"], "社区编码", "社区代码", "行政区划代码", "区划代码"),
    "name": (*ALIASES["name"], "社区", "社区名称", "community", "小区"),
}

#: Words in the names of columns of coordinates that say which datum they are in.
DATUM_WORDS: Mapping[str, tuple[str, ...]] = {
    "wgs84": ("wgs84", "wgs", "gps", "84"),
    "cgcs2000": ("cgcs2000", "国家2000", "大地2000", "天地图", "2000"),
    "gcj02": ("gcj02", "gcj", "火星", "高德", "腾讯", "amap", "gaode", "tencent", "mars"),
    "bd09": ("bd09ll", "bd09", "bd", "百度", "baidu"),
}

#: Names of columns that this package has no use for; they help to find the row of column names.
OTHER_NAMES: tuple[str, ...] = (
    "电话", "联系电话", "联系方式", "手机", "手机号", "phone", "tel", "联系人", "负责人", "备注", "说明", "remark",
    "note", "省", "省份", "市", "城市", "区", "区县", "所属区", "行政区", "县区", "province", "city", "district",
    "adname", "日期", "时间", "更新时间", "建成时间", "状态", "是否开放", "数量", "图片", "照片", "网址", "评分",
    "rating", "标签", "tag",
)  # fmt: skip

#: Units in brackets behind a name that make its numbers something else and are not converted (万人, 亩 and 分钟 are);
#: such a column must be named in `columns`.
OTHER_UNITS: Mapping[str, tuple[str, ...]] = {
    "area_m2": ("平方公里", "平方千米", "km2"),
    "demand": ("%",),
    "capacity": ("%",),
    "entry_delay_s": ("小时", "h", "hours"),
}

#: Levels as planners write them. Other texts are kept as they are.
LEVELS: Mapping[str, str] = {
    **dict.fromkeys(("服务中心", "中心", "中心站", "综合服务中心", "户外劳动者服务中心", "hub", "service centre",
                     "service center"), "hub"),
    **dict.fromkeys(("驿站", "服务站", "服务驿站", "爱心驿站", "户外劳动者驿站", "微驿站", "小站", "satellite"),
                    "satellite"),
}  # fmt: skip
