import { describe, expect, it } from "vitest";
import { written, writtenSpan, writtenTime } from "./time";

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
