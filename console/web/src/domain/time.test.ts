import { describe, expect, it } from "vitest";
import { counter, moment, momentMinute, written, writtenSpan, writtenTime } from "./time";

const EIGHT = Date.parse("2026-01-05T00:00:00Z") / 1000;

describe("a time as people write it", () => {
  it("is Beijing's", () => {
    expect(writtenTime(EIGHT)).toBe("2026-01-05 08:00:00");
    expect(written("2026-01-05 08:00:00")).toBe(EIGHT);
  });

  it.each(["2026-01-05 08:00", "2026-01-05T08:00:00", "  2026-01-05 08:00:00 "])("may be %j", (text) => {
    expect(written(text)).toBe(EIGHT);
  });

  it.each(["", "yesterday", "2026-13-05 08:00:00", "2026-02-30 08:00:00", "2026-01-05", "2026-01-05 25:00:00"])(
    "is not %j",
    (text) => expect(written(text)).toBeNull(),
  );
});

describe("a span as people write it", () => {
  it("names the day of its end only where it is another", () => {
    expect(writtenSpan(EIGHT, EIGHT + 600)).toBe("2026-01-05 08:00:00 – 08:10:00");
    expect(writtenSpan(EIGHT, EIGHT + 86_400)).toBe("2026-01-05 08:00:00 – 2026-01-06 08:00:00");
  });
});

describe("a moment beside the present", () => {
  it("is its time today, and with its day on another", () => {
    expect([moment(EIGHT, EIGHT + 60), momentMinute(EIGHT, EIGHT + 60)]).toEqual(["08:00:00", "08:00"]);
    expect([moment(EIGHT, EIGHT + 86_400), momentMinute(EIGHT, EIGHT + 86_400)]).toEqual(["01-05 08:00", "01-05 08:00"]);
  });
});

describe("an age", () => {
  it.each([
    [24, "0:24"],
    [665, "11:05"],
    [7_390, "2:03:10"],
    [2 * 86_400 + 3 * 3600, "2 天 03 时"],
  ])("of %d s is %s", (s, text) => expect(counter(s)).toBe(text));
});
