"""`dress` 着装: told by a classifier that a bureau plugs in; without one a task for video patrol, so it is off."""

from dataclasses import replace

from analytics.alerts import Grade
from analytics.rulebook import Parameter, Text, define

RULE = replace(
    define(
        "dress",
        Grade.C,
        Text("着装不规范", "Dress"),
        Text(
            "执勤民警着装不合规定（须接入分类器）",
            "An officer on duty is not dressed as prescribed (needs a classifier)",
        ),
        Text("视频巡查核实并提醒", "Check by video patrol; remind the officer"),
        Text("公安机关人民警察着装管理规定", "Rules on the dress of the people's police"),
        {"seconds": Parameter(60, 5, 3600, Text("持续时长（秒）", "Seconds for which it must last"))},
    ),
    enabled=False,
)
