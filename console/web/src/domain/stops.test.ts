import { describe, expect, it } from "vitest";
import { T0, trackOf } from "./fixtures";
import { stopsOf } from "./stops";

/** A fix every `everyS` seconds, at so many metres north. */
const along = (metres: number[], everyS = 30) =>
  trackOf(metres.map((m, i) => [T0 + i * everyS, 106, 38 + m / 111_320]));

describe("the stops of a track", () => {
  it("are where it stays for three minutes, and not where it only slows", () => {
    const there = Array.from({ length: 8 }, () => 1_000);
    const track = along([0, 300, 600, ...there, 1_300, 1_340, 1_700, 2_000]);
    expect(stopsOf(track).map(({ from, to }) => [from - T0, to - T0])).toEqual([[90, 300]]);
  });

  it("last over jitter, and until the end of the track", () => {
    const track = along([0, 500, ...Array.from({ length: 10 }, (_, i) => 1_000 + (i % 2) * 20)]);
    expect(stopsOf(track).map(({ from, to }) => [from - T0, to - T0])).toEqual([[60, 330]]);
  });

  it("are none on the way, and none of nothing", () => {
    expect(stopsOf(along([0, 300, 600, 900, 1_200, 1_500, 1_800, 2_100]))).toEqual([]);
    expect(stopsOf(trackOf([]))).toEqual([]);
  });
});
