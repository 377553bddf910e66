import { describe, expect, it } from "vitest";
import { duration } from "./words";

describe("a duration", () => {
  it.each([
    [59.4, "59 秒"],
    [600, "10 分"],
    [75, "1 分 15 秒"],
    [47 * 3600 + 59 * 60, "47 时 59 分"],
    [48 * 3600, "2 天"],
    [30 * 86_400 + 7200, "30 天 2 时"],
  ])("of %d s is told in the units it is thought of in", (s, text) => {
    expect(duration(s)).toBe(text);
  });
});
