import { describe, expect, it } from "vitest";
import { correction, mediaAt, wallAt, windowAt, type Piece } from "./sync";

/** Three seconds, a gap of ten, two seconds: in the medium without the gap. */
const PIECES: Piece[] = [0, 1, 2, 13, 14].map((s, i) => ({ wall: 1000 + s, media: i, duration: 1 }));

describe("the time of day in a medium", () => {
  it.each([
    [1000, 0],
    [1001.5, 1.5],
    [1002.999, 2.999],
    [1013, 3],
    [1014.25, 4.25],
  ])("%s lies at %s", (wall, media) => {
    expect(mediaAt(PIECES, wall)).toBeCloseTo(media);
    expect(wallAt(PIECES, media)).toBeCloseTo(wall);
  });

  it.each([999, 1008, 1016])("%s lies nowhere", (wall) => {
    expect(mediaAt(PIECES, wall)).toBeNull();
  });

  it("lies at the edge just beside the recorded", () => {
    expect(mediaAt(PIECES, 999.9)).toBe(0);
    expect(mediaAt(PIECES, 1003.1)).toBe(3);
    expect(mediaAt(PIECES, 1015.1)).toBe(5);
  });

  it("of an empty medium is nothing", () => {
    expect(mediaAt([], 1000)).toBeNull();
    expect(wallAt([], 0)).toBeNull();
  });
});

describe("a picture that is not with the clock", () => {
  it("plays on while nobody sees it", () => {
    expect(correction(0.03, 1)).toEqual({ seek: false, rate: 1 });
    expect(correction(-0.1, 4)).toEqual({ seek: false, rate: 4 });
  });

  it("is slowed when ahead and hurried when behind, by a tenth at most", () => {
    expect(correction(0.08, 1)).toEqual({ seek: false, rate: 0.92 });
    expect(correction(0.4, 1)).toEqual({ seek: false, rate: 0.9 });
    expect(correction(-0.4, 1)).toEqual({ seek: false, rate: 1.1 });
    expect(correction(0.2, 0.5)).toEqual({ seek: false, rate: 0.45 });
  });

  it("never plays faster than a browser can", () => {
    expect(correction(-2, 16)).toEqual({ seek: false, rate: 16 });
  });

  it("leaps when it is far off", () => {
    expect(correction(0.6, 1)).toEqual({ seek: true });
    expect(correction(-9, 16)).toEqual({ seek: true });
  });
});

it("asks for playlists by the hour", () => {
  expect(windowAt(7200)).toEqual([7200, 10_800]);
  expect(windowAt(10_799.9)).toEqual([7200, 10_800]);
});
