import { describe, expect, it } from "vitest";
import { whyUnread } from "./letters";

describe("why a message could not be read", () => {
  it.each([
    ["expected JSON: JSON is malformed: object keys must be strings (byte 1)", "不是 JSON"],
    ["lat: expected -90 to 90, got 91.0", "纬度超出范围"],
    ["1 of 3 elements: [2].lon: expected -180 to 180, got 200.0", "经度超出范围"],
    ["vel: expected 0 to 2000 km/h, got 9000.0", "速度超出范围"],
    ["tst: expected Unix seconds from 2025-12-06T08:00:00Z to 2026-01-05T08:02:00Z, got 0.0", "时间超出范围"],
    ["payload: expected at most 1048576 bytes, got 2000000", "报文过大"],
    ["expected online or offline, got b'here'", "在线状态无法识别"],
    ["not a device's topic: device name: expected letters", "主题不属于任何终端"],
    ["refused by the database: CommitRefused: x", "入库时被拒绝"],
    ["tst: object missing required field `tst`", "内容不符合格式"],
  ])("%s is told as such", (reason, words) => expect(whyUnread(reason)).toBe(words));
});
