import { describe, expect, it } from "vitest";
import { camerasIn, exportOf, momentIn, recordingOf } from "./address";

describe("the address of the screen", () => {
  it("names up to four cameras, each once", () => {
    expect(camerasIn({ camera: "a,b,a,,c,d,e" })).toEqual(["a", "b", "c", "d"]);
    expect(camerasIn({})).toEqual([]);
    expect(camerasIn({ camera: ["a", "b"] })).toEqual(["a"]);
  });

  it.each([
    ["2026-01-05T08:00:00Z", 1_767_600_000],
    ["2026-01-05T16:00:00+08:00", 1_767_600_000],
    ["1767600000.5", 1_767_600_000.5],
    ["yesterday", null],
    ["", null],
  ])("names the moment %s", (at, seconds) => {
    expect(momentIn({ at })).toBe(seconds);
  });

  it("leads to a recording and to an export of it", () => {
    expect(recordingOf("a", 1_767_600_000)).toEqual({
      path: "/desk/evidence",
      query: { camera: "a", at: "2026-01-05T08:00:00.000Z" },
    });
    expect(exportOf(["a", "b"], [1_767_600_000, 1_767_600_060])).toEqual({
      path: "/desk/exports",
      query: { camera: "a,b", from: "2026-01-05T08:00:00.000Z", to: "2026-01-05T08:01:00.000Z" },
    });
  });
});
