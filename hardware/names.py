"""The words of a fictitious county: 澄溪县, its towns, roads and police stations."""

COUNTY = "澄溪县"
RIVER, LAKE = "澄溪河", "映月湖"
TUNNEL_ROAD, TUNNEL_M = "X009 柳白路", 950.0
HIGHWAY_NAME = "S88 宁澄高速"

# id, town, kilometres east and north, streets across and along
TOWNS: tuple[tuple[str, str, float, float, int, int], ...] = (
    ("chengguan", "城关镇", 0.0, 0.0, 10, 8),
    ("shuanghe", "双河镇", -8.6, -1.6, 5, 4),
    ("liulin", "柳林镇", -5.2, 7.9, 4, 4),
    ("baishi", "白石乡", 4.8, 8.8, 4, 3),
    ("shiqiao", "石桥镇", 10.4, 2.6, 5, 4),
    ("qinglong", "青龙镇", 8.4, -8.9, 4, 4),
    ("wangzhuang", "王庄乡", -2.4, -9.2, 3, 4),
)
TOWN_IDS = tuple(t[0] for t in TOWNS)

# from, to, class, name, meets the highway
CONNECTORS: tuple[tuple[str, str, str, str, bool], ...] = (
    ("shuanghe", "ring", "primary", "G318 国道", False),
    ("ring", "shiqiao", "primary", "G318 国道", False),
    ("liulin", "ring", "primary", "S217 省道", False),
    ("ring", "wangzhuang", "primary", "S217 省道", True),
    ("ring", "baishi", "secondary", "X012 白石路", False),
    ("shuanghe", "liulin", "secondary", "X007 环湖路", False),
    ("liulin", "baishi", "secondary", "X009 柳白路", False),
    ("baishi", "shiqiao", "secondary", "X015 石白路", False),
    ("shiqiao", "qinglong", "primary", "S219 省道", True),
    ("qinglong", "wangzhuang", "secondary", "X021 青王路", False),
    ("wangzhuang", "shuanghe", "primary", "S220 省道", True),
    ("ring", "qinglong", "secondary", "X018 青龙路", False),
)

MAIN_STREETS = ("人民路", "解放路", "中山大道", "文化路", "建设路", "府前街")
STREETS = (
    "东风街", "胜利街", "和平路", "新华路", "光明街", "育才路", "朝阳路", "团结路", "迎宾路", "商城街",
    "站前路", "滨河路", "健康路", "幸福街", "农科路", "康乐街", "花园路", "友谊路", "永安街", "兴业路",
    "振兴街", "学府路", "南关街", "北关街", "东关街", "西关街", "丰收路", "工业路", "富民街", "长青路",
)  # fmt: skip
POSTS = (
    "政务中心", "汽车站", "火车站", "人民医院", "第一中学", "实验小学", "中心广场", "农贸市场", "县委门岗",
    "看守所", "商业街", "文化馆", "体育场", "法院门岗", "检查站", "变电站", "水厂", "银行网点", "客运中心",
    "妇幼保健院",
)  # fmt: skip
RING = "环城路"
DIAGONAL = "滨河大道"
VILLAGES = (
    "张庄", "李楼", "赵沟", "刘寨", "陈堂", "杨庄", "周口头", "吴家湾", "郑岗", "孙庄", "马坡", "朱寨", "胡楼", "郭庄",
    "何家营", "高庙", "林家沟", "罗圈", "宋寨", "梁洼", "韩庄", "唐岗", "冯桥", "于庄", "董村", "程庄", "曹洼", "袁寨",
    "邓湾", "许楼", "傅庄", "沈丘头", "曾家坪", "彭店", "吕庄", "苏桥", "卢村", "蒋寨", "蔡沟", "贾峪", "丁庄", "魏岗",
)  # fmt: skip
