import { describe, expect, it } from "vitest";
import type { ClockRow } from "@/api/types";
import { figure, gravity, hours, readClock } from "./clocks";
import { iso } from "./time";

const T0 = 1_767_600_000;
const H = 3_600;
const condition = { zh: "情况复杂的", en: "where it is complex" };
const tier = (h: number, first = false) => ({
  limit_s: h * H,
  ends_at: iso(T0 + h * H),
  condition: first ? null : condition,
});

function clock(...tiers: number[]): ClockRow {
  const rows = tiers.map((h, i) => tier(h, i === 0));
  return {
    kind: "holding",
    person: "李某",
    since: iso(T0),
    held_s: 0,
    limit_s: rows[0]!.limit_s,
    ends_at: rows[0]!.ends_at,
    standing: "within",
    tiers: rows,
    basis: { zh: "第 97 条", en: "art. 97" },
  };
}

describe("a clock", () => {
  const holding = clock(8, 12, 24);

  it.each([
    [0, 8, "within", null],
    [7 * H - 1, 8, "within", null],
    [7 * H, 8, "soon", "C"],
    [7.75 * H, 8, "close", "B"],
    [8 * H, 8, "close", "B"],
    [8 * H + 1, 12, "within", "B"],
    [11.5 * H, 12, "soon", "B"],
    [24 * H, 24, "close", "B"],
    [24 * H + 1, 24, "over", "A"],
  ])("that has run %d s is in the tier of %d h: %s", (heldS, limitH, standing, grade) => {
    const reading = readClock(holding, T0 + heldS);
    expect([reading.limitS / H, reading.standing, gravity("holding", reading)]).toEqual([limitH, standing, grade]);
    expect(reading.endsAt).toBe(T0 + limitH * H);
  });

  it.each([
    [2, null],
    [3.2, "C"],
    [3.9, "C"],
    [4.1, "B"],
  ])("against a limit of the bureau's own is after %d h of 4: %s", (h, grade) => {
    expect(gravity("rest", readClock(clock(4), T0 + h * H))).toBe(grade);
  });

  it("says which condition it runs on beyond its first tier", () => {
    expect(readClock(holding, T0 + H).extended).toBeNull();
    expect(readClock(holding, T0 + 9 * H).extended).toEqual({ condition, passedS: 8 * H });
    expect(readClock(holding, T0 + 99 * H).extended).toEqual({ condition, passedS: 12 * H });
  });

  it("that is over tells by how much and is full", () => {
    const reading = readClock(clock(4), T0 + 5 * H);
    expect([reading.leftS, reading.part, reading.extended]).toEqual([-H, 1, null]);
  });

  it("has not begun before it begins", () => {
    expect(readClock(holding, T0 - 60).heldS).toBe(0);
  });
});

describe("its figures", () => {
  it.each([
    [0, "0:00:00"],
    [41 * 60 + 7.9, "0:41:07"],
    [3 * H + 41 * 60, "3:41:00"],
    [25 * H + 1, "25:00:01"],
    [-3, "0:00:00"],
  ])("say %d s as %s", (s, text) => expect(figure(s)).toBe(text));

  it("say whole hours without a point", () => expect([hours(12 * H), hours(1.5 * H)]).toEqual([12, 1.5]));
});
