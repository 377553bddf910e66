import { describe, expect, it } from "vitest";
import { pan, percentAt, pieceOf, reveal, timeAt, within, zoom, type Range } from "./ruler";

const HOUR: Range = [0, 3600];

describe("zooming", () => {
  it("keeps what lies under the pointer in its place", () => {
    const view = zoom(HOUR, 0.5, 900, HOUR);
    expect(view[1] - view[0]).toBe(1800);
    expect(percentAt(view, 900)).toBeCloseTo(percentAt(HOUR, 900));
  });

  it("never leaves the span, nor goes below ten seconds", () => {
    expect(zoom([0, 60], 100, 30, HOUR)).toEqual(HOUR);
    const closest = zoom([1000, 1010], 0.01, 1005, HOUR);
    expect(closest[1] - closest[0]).toBe(10);
  });

  it("out of a corner stays in the span", () => {
    expect(zoom([3500, 3600], 4, 3600, HOUR)).toEqual([3200, 3600]);
  });
});

describe("moving along", () => {
  it("stops at the ends of the span", () => {
    expect(pan([100, 200], -500, HOUR)).toEqual([0, 100]);
    expect(pan([100, 200], 9000, HOUR)).toEqual([3500, 3600]);
    expect(within([-50, 9000], HOUR)).toEqual(HOUR);
  });

  it("brings a moment into sight, and does not move for one that is", () => {
    expect(reveal([100, 200], 150, HOUR)).toEqual([100, 200]);
    expect(reveal([100, 200], 1000, HOUR)).toEqual([950, 1050]);
    expect(reveal([100, 200], 3600, HOUR)).toEqual([3500, 3600]);
  });
});

describe("a stretch on the ruler", () => {
  it("is cut at the edges of the view", () => {
    expect(pieceOf([100, 200], 50, 150)).toEqual({ left: 0, width: 50 });
    expect(pieceOf([100, 200], 0, 1000)).toEqual({ left: 0, width: 100 });
  });

  it("is not there when it is out of sight", () => {
    expect(pieceOf([100, 200], 0, 100)).toBeNull();
    expect(pieceOf([100, 200], 200, 300)).toBeNull();
  });

  it("is seen even when it is a second of a day, also at its very end", () => {
    const day: Range = [0, 86_400];
    expect(pieceOf(day, 1000, 1001)!.width).toBe(0.25);
    const last = pieceOf(day, 86_399, 86_400)!;
    expect(last.left + last.width).toBeLessThanOrEqual(100);
  });
});

it("finds the time at a place, and the place of a time", () => {
  expect(timeAt([100, 300], 0.25)).toBe(150);
  expect(percentAt([100, 300], 150)).toBe(25);
});
