import { describe, expect, it } from "vitest";
import { INTERVAL_DEFAULT_S, ageOf, learnInterval } from "./ageing";

describe("a position ages in sight", () => {
  it("is solid for two intervals, hollow for five, then stale", () => {
    expect(ageOf(20, 10)).toBe("fresh");
    expect(ageOf(24, 10)).toBe("late");
    expect(ageOf(53, 10)).toBe("late");
    expect(ageOf(54, 10)).toBe("stale");
  });

  it("is stale at once when the terminal's last will says offline", () => {
    expect(ageOf(1, 10, true)).toBe("stale");
  });

  it("never waits longer than the longest interval allows", () => {
    expect(ageOf(304, 3_600)).toBe("stale");
  });

  it("learns the interval from gaps but not from a silence", () => {
    let interval = INTERVAL_DEFAULT_S;
    for (let i = 0; i < 40; i++) interval = learnInterval(interval, 5);
    expect(interval).toBeCloseTo(5, 1);
    expect(learnInterval(interval, 1_000)).toBe(interval);
  });
});
