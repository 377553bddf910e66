import { describe, expect, it } from "vitest";
import type { StretchRow } from "@/api/types";
import { firstRecorded, gapsOf, nextGap, nextRecorded, spotAt, stretchesOf, type Stretch, withHoles } from "./recording";

const recorded = (from: number, to: number): Stretch => ({ kind: "recorded", from, to, reason: null });
const gap = (from: number, to: number, reason = "source-lost"): Stretch => ({ kind: "gap", from, to, reason });
const LANE = [recorded(100, 200), gap(200, 230), recorded(230, 300)];

describe("what there is at a moment", () => {
  it.each([
    [50, "none", null, 100],
    [100, "recorded", 100, 200],
    [199.9, "recorded", 100, 200],
    [200, "gap", 200, 230],
    [230, "recorded", 230, 300],
    [300, "none", 300, null],
  ] as const)("at %s is %s from %s to %s", (t, kind, from, to) => {
    expect(spotAt(LANE, t)).toMatchObject({ kind, from, to });
  });

  it("tells the reason of a gap", () => {
    expect(spotAt(LANE, 210).reason).toBe("source-lost");
  });

  it("is nothing at all where nothing is known", () => {
    expect(spotAt([], 5)).toEqual({ kind: "none", from: null, to: null, reason: null });
  });

  it("counts a seam of packets that came late as recorded", () => {
    expect(spotAt([recorded(0, 10), recorded(10.3, 20)], 10.1).kind).toBe("recorded");
  });
});

describe("where a picture is to be had next", () => {
  it.each([
    [150, 150],
    [50, 100],
    [210, 230],
    [300, null],
  ])("from %s on: %s", (t, next) => {
    expect(nextRecorded(LANE, t)).toBe(next);
  });

  it("begins a span with the first picture of any camera", () => {
    expect(firstRecorded([LANE, [recorded(60, 90)]], [0, 400])).toBe(60);
    expect(firstRecorded([LANE], [150, 400])).toBe(150);
    expect(firstRecorded([[]], [150, 400])).toBe(150);
  });
});

describe("the next gap", () => {
  it("is that of any camera, and never the one that is shown", () => {
    const other = [recorded(0, 120), gap(120, 121), recorded(121, 300)];
    expect(nextGap([LANE, other], 0)).toBe(120);
    expect(nextGap([LANE, other], 120)).toBe(200);
    expect(nextGap([LANE, other], 200)).toBeNull();
  });
});

it("reads one stream of the server's rows, in the order of time", () => {
  const row = (media: "video" | "audio", from: string): StretchRow => ({
    camera: "c",
    media,
    kind: "recorded",
    from,
    to: "2026-01-05T08:01:00Z",
    reason: null,
  });
  const rows = [row("video", "2026-01-05T08:00:30Z"), row("audio", "2026-01-05T08:00:00Z"), row("video", "2026-01-05T08:00:00Z")];
  const begins = Date.parse("2026-01-05T08:00:00Z") / 1000;
  expect(stretchesOf(rows, "video").map((s) => s.from)).toEqual([begins, begins + 30]);
});

describe("all gaps", () => {
  const stretch = (kind: "recorded" | "gap", from: number, to: number, reason: string | null = null) => ({ kind, from, to, reason });

  it("counts what nobody recorded before, between and after, and no seam", () => {
    const told = [stretch("recorded", 110, 120), stretch("recorded", 120.3, 130), stretch("recorded", 140, 150)];
    const gaps = withHoles(told, 100, 160).filter((s) => s.kind === "gap");
    expect(gaps.map(({ from, to, reason }) => [from, to, reason])).toEqual([
      [100, 110, "not-recorded"],
      [130, 140, "not-recorded"],
      [150, 160, "not-recorded"],
    ]);
    expect(withHoles([], 100, 160)).toEqual([stretch("gap", 100, 160, "not-recorded")]);
    expect(withHoles([stretch("recorded", 90, 170)], 100, 160)).toHaveLength(1);
  });

  it("are those of the sound as well as those of the picture, in the order of time", () => {
    const lane = {
      camera: "room-1",
      video: [stretch("recorded", 100, 110), stretch("gap", 110, 112, "source-lost")],
      audio: [stretch("gap", 104, 105, "undeclared"), stretch("recorded", 105, 112)],
    };
    expect(gapsOf([lane]).map(({ media, from, reason }) => [media, from, reason])).toEqual([
      ["audio", 104, "undeclared"],
      ["video", 110, "source-lost"],
    ]);
  });
});
