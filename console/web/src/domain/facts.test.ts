import { describe, expect, it } from "vitest";
import { factsOf, headline, summary } from "./facts";
import { alertOf } from "./fixtures";
import { linesOf } from "./joined";

describe("the facts of an alert", () => {
  it("puts the measured figure beside its limit", () => {
    const [first] = factsOf(alertOf({ detail: { distance_m: 142, corridor_m: 60, duration_s: 192 } })).rows;
    expect(first).toEqual({ label: "距离", value: "142 m", limit: "走廊 60 m", beyond: true });
  });

  it("folds what it has no word for under the technical details", () => {
    const facts = factsOf(alertOf({ detail: { moon_phase: 3, region: "corner", reason: "tides", burst: 5 } }));
    expect(facts.rows).toEqual([]);
    expect(facts.details.map(({ label, value }) => [label, value])).toEqual([
      ["连续观察次数", "5"],
      ["moon_phase", "3"],
      ["region", "corner"],
      ["reason", "tides"],
    ]);
  });

  it("says in words what it has words for", () => {
    const facts = factsOf(alertOf({ detail: { region: "window", kind: "covered", reason: "disk-full", stream: "audio" } }));
    expect(facts.rows.map((row) => row.value)).toEqual(["遮挡", "窗口", "声音", "磁盘已满"]);
    expect(facts.details).toEqual([]);
  });

  it("tells what other rules found of the same fact in lines of its own, not as a raw figure", () => {
    const joined = [
      { rule: "not-on-patrol", grade: "B", from: "2026-01-05T00:04:00Z", to: null, detail: { reason: "idle", duration_s: 900, limit_s: 900 } },
    ];
    const alert = alertOf({ rule: "overtime-stop", detail: { duration_s: 1200, limit_s: 600, joined } });
    expect(factsOf(alert).rows).toHaveLength(1);
    expect(factsOf(alert).details).toEqual([]);
    expect(linesOf(alert)).toEqual([
      { rule: "not-on-patrol", grade: "B", from: 1767571440, to: null, said: "持续 15 分 限 15 分 · 情形 在巡时段内无移动" },
    ]);
  });

  it("shows an accuracy beside the limit that makes it too coarse", () => {
    const facts = factsOf(alertOf({ rule: "signal-lost", detail: { reason: "imprecise", accuracy_m: 1000, coarse_m: 100 } })).rows;
    expect(facts[0]).toMatchObject({ value: "1000 m", limit: "限 100 m", beyond: true });
    expect(facts[1]!.value).toBe("定位过粗，无法判断");
  });

  it("says why an alert ended that did not end by itself", () => {
    const facts = factsOf(alertOf({ detail: { ended_because: "rule-off" } }));
    expect(facts.rows).toContainEqual({ label: "结束原因", value: "规则已停用", limit: "", beyond: false });
  });

  it("says coverage is beyond its limit when it is below", () => {
    const [row] = factsOf(alertOf({ detail: { coverage: 0.71, coverage_limit: 0.8 } })).rows;
    expect(row).toMatchObject({ value: "71 %", beyond: true });
  });

  it("tells silence once, against its own limit", () => {
    const alert = alertOf({ rule: "signal-lost", detail: { silent_s: 780, limit_s: 180 } });
    expect(summary(alert)).toBe("无定位 13 分 · 限 3 分");
    expect(headline(alert)).toBe("");
  });

  it("compares the people in a room with those who should be there, and leaves pictures to the pictures", () => {
    const detail = { people: 2, detainees: 1, officers_required: 2, frames: [1, 2], model: { name: "m", sha256: "0123456789" } };
    const { rows, details } = factsOf(alertOf({ rule: "single-officer", detail }));
    expect(rows).toEqual([{ label: "画面中人数", value: "2 人", limit: "应 ≥ 3 人", beyond: true }]);
    expect(headline(alertOf({ detail }))).toBe("2 人");
    expect(details.map((row) => row.value)).toEqual(["m 01234567"]);
  });

  it("names a recorder's gap, its cameras while they are few, and counts them when they are many", () => {
    const gap = (cameras: string[]) => alertOf({ rule: "recording-gap", detail: { reason: "process-restart", cameras } });
    const nameOf = (id: string) => ({ "win-1": "户籍窗口", "win-2": "车管窗口" })[id] ?? id;
    expect(factsOf(gap(["win-1", "win-2"]), nameOf).rows.map((row) => row.value)).toEqual(["户籍窗口 · 车管窗口", "录像程序重启"]);
    expect(factsOf(gap(Array.from({ length: 45 }, (_, n) => `win-${n}`))).rows[0]!.value).toBe("45 台");
  });
});
