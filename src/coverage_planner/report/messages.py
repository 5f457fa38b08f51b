"""What readers say of whole files -> Chinese, for the check page; a message that is not known here stays in English."""

import re

#: What a message says -> what is said instead, and what to do; {0} and so on are the groups of the pattern.
_MESSAGES: tuple[tuple[str, str, str], ...] = (
    # files
    (
        r"an input must be a file that exists, found (?:nothing|a folder) at (.*); check.*",
        "找不到文件 {0}",
        "请核对路径",
    ),
    (
        r"a road file must exist, found .* at (.*); check.*",
        "找不到道路文件 {0}",
        "请核对路径",
    ),
    (
        r"(?:a|an|the) .* must be a file of a known kind \((.*)\), got (.*?); .*",
        "{1} 不是能读取的格式（可用：{0}）",
        "请另存为其中一种",
    ),
    (
        r"(.*?) must be a readable (\S+) (?:file|workbook), got:? (.*); .*",
        "{0} 读不出来（{2}）",
        "请关闭占用它的程序，或重新导出",
    ),
    (
        r"(.*?) must be a readable raster \(GeoTIFF\), got: (.*); .*",
        "{0} 不是能读取的栅格（{1}）",
        "请重新导出为 GeoTIFF",
    ),
    (
        r"(.*?) must have at least one feature, got none; .*",
        "{0} 里没有任何要素",
        "请检查导出",
    ),
    (
        r"(.*?) must hold at least one line, got an empty layer; .*",
        "{0} 里没有任何线",
        "请检查导出",
    ),
    (
        r"(.*?) must have column names (?:in its first row )?and at least one row of values, got .*",
        "{0} 里没有表头或没有一行数据",
        "请重新导出",
    ),
    (
        r"(.*?) must be a well-formed CSV file, got:? (.*); save it anew.*",
        "{0} 不是完整的 CSV 文件（{1}）",
        "多半是引号没有闭合；请另存为 CSV",
    ),
    (
        r"(.*?) must unpack to at most .*",
        "{0} 解压后过大或压缩比异常，可能有害，未打开",
        "若文件无误，请另存为 CSV",
    ),
    (
        r"(.*?) must be a whole Shapefile, got none of the parts (.*?); .*",
        "{0} 缺少 Shapefile 的部件 {1}",
        "请把同名的 .shp、.shx、.dbf、.prj、.cpg 一起复制，或重新导出为 GeoPackage",
    ),
    (
        r"(.*?) should come with its \.dbf file, got none: .*",
        "{0} 没有 .dbf 文件：各点没有名称和数字",
        "请把同名文件一起复制",
    ),
    (
        r"one layer of (.*?) must be named, got none and it has (.*?); say.*",
        "{0} 有多个图层（{1}），没有说明用哪一个",
        "请在方案中写 sheet",
    ),
    (
        r"(?:the layer|sheet) (?:of|must be one of) (.*); correct it",
        "没有所写的图层或工作表：{0}",
        "请更正 sheet",
    ),
    # encodings
    (
        r"(.*?) must be text in (.*?), got bytes that (?:are not|make no sense as either) ?(.*?); .*",
        "{0} 不是 {1} 编码（{2}）",
        "请在 Excel 中另存为“CSV UTF-8”，或在方案中写 encoding",
    ),
    (
        r"texts of (.*?) must be in (.*?), got bytes that are not.*",
        "{0} 的文字不是 {1} 编码",
        "请删去或更正 encoding，或重新导出为 GeoPackage",
    ),
    (
        r"(.*?) must say the encoding of its texts, got no \.cpg file.*",
        "{0} 没有 .cpg 文件，文字编码无法确定",
        "请在方案中写 encoding（中文 Windows 多为 gb18030）",
    ),
    (
        (
            r"the \.cpg file of (.*?) should say the encoding of its texts, got (.*?) and the texts are "
            r"(.*?), as which.*"
        ),
        "{0} 的 .cpg 文件写的是 {1}，实际为 {2}，已按实际编码读取",
        "请更正 .cpg 文件",
    ),
    # columns and rows
    (
        r"(.*?) must have columns? (?:for|named) (.*?), got (.*?); .*",
        "{0} 缺少列：{1}（现有 {2}）",
        "请在方案的 columns 中指明对应的列",
    ),
    (
        r"(.*?) must have a usable row, got none: (.*); correct the file",
        "{0} 没有一行可用：{1}",
        "请更正文件",
    ),
    (
        r"'where' must name one column of (.*?), got (.*?); it has (.*)",
        "where 写的列 {1} 在 {0} 中没有（现有 {2}）",
        "请更正 where",
    ),
    (
        r"'where' must keep a row of (.*?), got (.*?); .*",
        "按 where（{1}）筛选后，{0} 一行不剩",
        "请更正 where 的取值",
    ),
    (
        r"demand of (.*?) must not be all zero, got (\d+) points of (.*?) without any; .*",
        "{0}：{2} 的 {1} 个点需求全为 0",
        "请核对需求列或权重",
    ),
    # positions
    (
        r"(.*?) must say its coordinate reference system, got none; .*",
        "{0} 没有坐标系说明",
        '请连同坐标系重新保存（Shapefile 存在 .prj 文件中），或在方案中写 source_crs，例如 "EPSG:4490"',
    ),
    (
        (
            r"(.*?) must give longitude and latitude in degrees, got what look like metres in (\d+) of "
            r"(\d+) rows.*; (?:say which CRS they are in: )?(.*)"
        ),
        "{0} 的坐标看来是以米为单位（{1} / {2} 行），不是经纬度",
        "请在方案中写 source_crs：{3}",
    ),
    (
        (
            r"(.*?) must give longitude and latitude each in its own column; .* look swapped: (\d+) of "
            r"(\d+) rows.*"
        ),
        "{0} 的经度和纬度看来颠倒了（{1} / {2} 行）",
        "请在方案的 columns 中把 lon、lat 对调",
    ),
    (
        (
            r"x of (.*?) must count to the east and y to the north, but they look exchanged.*?: (\d+) of "
            r"(\d+) rows.*"
        ),
        "{0} 的 x、y 看来颠倒了（测量坐标系 x 向北；{1} / {2} 行）",
        "请在方案的 columns 中对调",
    ),
    (
        r"a layer with datum '(.*?)' must be in longitude and latitude, got (.*?) in (.*?); .*",
        "{1} 是投影坐标（{2}），不能声明为 {0}",
        "请给出地图服务原来的经纬度，或改 datum",
    ),
    (
        r"(.*?) should be in CGCS2000 or WGS 84, got (.*?), whose conversion is not public.*",
        "{0} 的坐标系是 {1}，没有公开的转换参数，位置可能偏差约 100 米",
        "请索取 CGCS2000 的数据",
    ),
    (
        (
            r"study_area with its margin must meet the streets of (.*?); it spans (.*?), the streets "
            r"(.*?); .*"
        ),
        "研究范围与 {0} 的道路不在同一处",
        "请核对研究范围的坐标系和 datum，或换当地的道路",
    ),
    (
        r"crs must have true metres where the streets are, got (.*?), in which.*",
        "方案的 crs（{0}）不适用于此地：那里的一米不是一米",
        "请删去 crs，程序会选用当地的 UTM 带",
    ),
    (
        r"polygons of (.*?) should not cross themselves; repaired (.*?); .*",
        "{0} 的面自相交，已修复：{1}",
        "请在地图上核对轮廓",
    ),
    (
        r"the network (.*?) must be built for the plan's mode (.*?), .*",
        "路网 {0} 不是按本方案的出行方式 {1} 建的",
        "请在 [roads] 中写道路文件本身，或更改 [modes]",
    ),
    # streets
    (
        (
            r"([\d.,]+) km of street have a road class that is not known and are closed.*?classes (.*?); "
            r".*"
        ),
        "{0} 公里道路的等级无法识别，按不通行处理：{1}",
        "请在 [roads] values 中写明对应的等级，或不用该列",
    ),
    (
        (
            r"the streets of (.*?) should hang together; they fall into (\d+) parts, and the largest "
            r"holds (\S+) of.*; try (.*)"
        ),
        "{0} 的道路断成 {1} 片，最大的一片只占长度的 {2}",
        "请试试：{3}",
    ),
    (
        r"roads of (.*?) should not be shorter than the straight line.*?; (\d+) of (\d+) are.*",
        "{0} 中 {1} / {2} 条道路的长度小于直线距离，已改用直线距离",
        "请更正长度",
    ),
    (
        (
            r"every text of the column for (.*?) of (.*?) should be known; (.*?), in (\d+) rows, texts "
            r"(.*?); say.*"
        ),
        "{1} 的 {0} 列有 {3} 行的文字无法识别：{4}",
        "请在 [roads] values 中写明它们的含义",
    ),
    (
        r"an OpenStreetMap file must hold streets \(ways with a highway tag\), got none in (.*?); .*",
        "{0} 里没有道路",
        "请换一份含道路的 OpenStreetMap 文件",
    ),
    (
        r"at least one street must be open to (.*?)[,;] of (\d+) (?:streets )?none is.*",
        "{1} 条道路中没有一条允许“{0}”通行",
        "请检查 highway、access、foot、bicycle、motor_vehicle 各列",
    ),
    # people
    (
        r"a raster of people must be cut out by a study area, got none for (.*?); .*",
        "人口栅格 {0} 需要研究范围来截取",
        "请在方案中加上 [study_area]",
    ),
    (
        r"(.*?) must have cells with more than (\S+) people inside the study area, got none; .*",
        "{0} 在研究范围内没有超过 {1} 人的格子",
        "请降低 minimum，或核对范围",
    ),
    (
        r"(.*?) should cover the study area, (\S+) of it lies beyond the raster.*",
        "{0} 没有盖住研究范围：{1} 在栅格之外，没有需求",
        "请换整个区域的栅格",
    ),
    (
        r"(.*?) must cover the study area; .*",
        "{0} 没有盖住研究范围",
        "请换当地的栅格",
    ),
    (
        r"a population raster should have one band, (.*?) has (\d+).*",
        "{0} 有 {1} 个波段，只读取第一个",
        "若人数按年龄等分在各波段，请先相加",
    ),
    (
        r"cells of (.*?) must not be negative, got (\S+) in (.*?); .*",
        "{0} 有负值 {1}（{2}）",
        "若表示“无数据”，请在栅格中标为 nodata",
    ),
    (
        r"head counts of (.*?) must have streets to be spread over.*",
        "{0} 的人数要分摊到道路上，但道路读不出来",
        "请先更正 [roads]",
    ),
    (
        r"records of (.*?) must have streets to be counted on.*",
        "{0} 的记录要统计到道路上，但道路读不出来",
        "请先更正 [roads]",
    ),
    (
        r"areas should not overlap when their people are spread.*? in (.*?); people.*",
        "分摊人数的面互相重叠：{0}；那里的人可能算了两次",
        "请修正边界",
    ),
    (
        (
            r"areas should have a (?:street|building) over which their people are spread, none in (.*?); "
            r".*"
        ),
        "这些面里没有可分摊的道路或建筑：{0}；人数放在面内一点上",
        "请查看该处的图层",
    ),
    (
        r"areas should have a head count each, none is known of (.*?); .*",
        "这些面没有人数：{0}；不计需求",
        "请补填",
    ),
    # plan files
    (
        r"(.*?) must be TOML, got: (.*?); texts.*",
        "{0} 不符合 TOML 格式：{1}",
        "文字要加引号；Windows 路径用 '单引号' 或用 / 代替 \\",
    ),
    (
        r"(.*?) must be text in UTF-8, got other bytes; .*",
        "{0} 不是 UTF-8 编码",
        "请另存为 UTF-8",
    ),
    (
        r"the plan must be a readable file, got: (.*?); .*",
        "方案文件读不出来（{0}）",
        "请核对路径",
    ),
    (
        r"(.*?) has no key '(.*?)'(?:; did you mean '(.*?)'\?)?; its keys are (.*)",
        "{0} 没有键 {1}",
        "可用的键：{3}",
    ),
    (
        r"(.*?) must have (.*?), got (.*?); add them",
        "{0} 缺少 {1}",
        "请补上",
    ),
    (
        (
            r"(.*?) must be (one of .*?|a text in quotes|a path in quotes|true or false|a whole number|a "
            r"number|more than \S+|at least \S+), got (.*?); .*"
        ),
        "{0} 的值 {2} 不对，应为 {1}",
        "请更正",
    ),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL), what, advice) for pattern, what, advice in _MESSAGES)


def in_chinese(message: str) -> tuple[str, str] | None:
    """Say a reader's message in Chinese.

    Parameters
    ----------
    message
        What an error or a warning of ours says.

    Returns
    -------
    tuple of str, or None
        What was found, and what to do; None where the message is not known here.
    """
    for pattern, what, advice in _PATTERNS:
        if found := pattern.fullmatch(message):
            parts = [group or "" for group in found.groups()]
            return what.format(*parts), advice.format(*parts)
    return None
