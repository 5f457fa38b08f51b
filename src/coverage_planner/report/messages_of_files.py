"""What readers say of files, encodings, columns and positions -> Chinese; the first pattern that fits counts."""

#: Pattern of a message -> what was found, and what to do; {0} and so on are the groups of the pattern.
FILES: tuple[tuple[str, str, str], ...] = (
    (
        r"the columns of (.*?) should be in the datum declared, (.*?); (.*?) are named after (.*?); .*",
        "{0} 声明为 {1}，而列名 {2} 表明是 {3}",
        '若确是如此，请写 datum = "{3}"；否则请换用其他列',
    ),
    (
        r"coordinates of (.*?) must be finite; not so in (.*?); .*",
        "{0} 有不是数字的坐标：{1}",
        "请更正这些坐标；也可能超出了坐标系的适用范围",
    ),
    # what the more general ones below would take, too
    (
        (
            r"(.*?) must be in one encoding, got lines of both UTF-8 and GB18030 \(GBK\); in (.*?) are (.*?)"
            r"; the others.*"
        ),
        "{0} 混用了 UTF-8 和 GB18030（GBK）两种编码；{1} 的是 {2}",
        "请在 Excel 中合并后另存为“CSV UTF-8”",
    ),
    (
        r"(.*?) must be a text file, got zero bytes.*",
        "{0} 里有空字节，不是文本文件",
        "请另存为“CSV UTF-8”；若是 UTF-16，请在方案中写 encoding",
    ),
    (
        r"(.*?) must be a text file as its name says, got a packed file.*",
        "{0} 其实是压缩文件（如工作簿），不是文本",
        "请改名为 .xlsx，或另存为“CSV UTF-8”",
    ),
    (
        r"(.*?) must have column names and at least one row of values under them, got .*",
        "{0} 里没有表头或没有一行数据",
        "请检查导出和工作表",
    ),
    (
        r"column names of (.*?) must not repeat, got (.*?) more than once; .*",
        "{0} 的列名重复：{1}",
        "请改其中一个",
    ),
    (
        r"(.*?) must be a readable \.xlsx workbook without a password, got.*",
        "{0} 有密码，打不开",
        "请用 Excel 或 WPS 打开，去掉密码后保存",
    ),
    (
        (
            r"x and y of (.*?) must lie where (.*?) is used, but (\d+) of (\d+) rows do not, .*?; correct so"
            r"urce_crs: (.*)"
        ),
        "{0} 的 x、y 不在 {1} 的适用范围内（{2} / {3} 行）",
        "请更正 source_crs：{4}",
    ),
    (
        r"source_crs must be a CRS that PROJ knows, got (.*?) for (.*?); .*",
        "{1} 的 source_crs（{0}）不存在",
        "例如 'EPSG:4547'",
    ),
    (
        r"(.*?) must hold a Shapefile \(\.shp with its other parts\), got (.*?); .*",
        "{0} 里没有 Shapefile（有：{1}）",
        "请解压后写明要用的文件",
    ),
    (
        r"every row of (.*?) must be usable: (.*?); correct or remove them.*",
        "{0} 有不能用的行：{1}",
        "请更正或删去这些行",
    ),
    (
        (
            r"an OpenStreetMap file must be readable to its end, got (.*?) \((\d+) bytes\), where reading st"
            r"opped: (.*?); .*"
        ),
        "{0}（{1} 字节）不完整或已损坏：{2}",
        "请重新下载",
    ),
    (
        r"(.*?) must have geometries, got a plain table; .*",
        "{0} 只是一张表，没有几何图形",
        "请连同几何图形一起保存",
    ),
    (
        r"(.*?) file must have points, got the raster (.*?); .*",
        "{0} 要的是点，{1} 是栅格",
        "栅格只能作需求",
    ),
    (
        (
            r"(.*?) must say its coordinate reference system, got none \(for a Shapefile, the \.prj is missi"
            r"ng\); .*"
        ),
        "{0} 没有坐标系说明（Shapefile 缺 .prj）",
        "请在 [roads] 写 source_crs：WGS 84 经纬度为 EPSG:4326，CGCS2000 经纬度为 EPSG:4490",
    ),
    (
        r"(.*?) must have longitudes in x .*? and latitudes in y .*?, as its CRS (.*?) says, got .*",
        "{0} 的经度和纬度颠倒了（坐标系 {1}）",
        "请在 GIS 中对调后保存",
    ),
    (
        r"crs must be projected and in metres, got (.*?) \((.*?)\); .*",
        "crs 必须是以米为单位的投影坐标系，现为 {0}（{1}）",
        "例如 'EPSG:32650'，或删去 crs",
    ),
    (
        r"encoding must be one that Python knows, got (.*?) for (.*?); .*",
        "{1} 的 encoding（{0}）不存在",
        "请用 'utf-8' 或 'gb18030'",
    ),
    (
        r"(.*?) must have the columns that `columns` names, it has (.*?), not (.*?); .*",
        "{0} 没有 columns 中写的列 {2}（现有 {1}）",
        "请更正 columns",
    ),
    (
        r"(.*?) must be a list with at least one entry, got (.*?); .*",
        "{0} 至少要有一项",
        "请写在 [ ] 里",
    ),
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
        r"(?:a|an|the) .* must be (?:a file )?of a known kind \((.*)\), got (.*?); .*",
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
)
