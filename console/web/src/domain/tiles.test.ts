import { describe, expect, it } from "vitest";
import type { AlertRow, CameraRow } from "@/api/types";
import { alertOf as alert } from "./fixtures";
import { arrange, cameraAt, isStale, STALE_S, STILL_STALE_S } from "./tiles";

const camera = (id: string) => ({ id, name: id, state: "live" }) as CameraRow;
const cameras = ["c1", "c2", "c3", "c4", "c5"].map(camera);
const ids = (queue: AlertRow[], n = 4, skip = 0) => arrange(cameras, queue, n, { skip }).map((t) => t.camera.id);

describe("tiles", () => {
  it("keep the order of the cameras while nothing is wrong", () => {
    expect(ids([])).toEqual(["c1", "c2", "c3", "c4"]);
    expect(arrange(cameras, [], 4).some((t) => t.hot || t.grade)).toBe(false);
  });

  it("begin with the camera of the worst alert", () => {
    const queue = [alert({ id: "1", device: "c3", grade: "B" }), alert({ id: "2", device: "c5", grade: "A" })];
    expect(ids(queue)).toEqual(["c5", "c3", "c1", "c2"]);
    const [first, second] = arrange(cameras, queue, 4);
    expect([first?.hot, first?.grade, second?.hot, second?.grade]).toEqual([true, "A", false, "B"]);
  });

  it("let the cameras of the alerts in focus go before all", () => {
    const queue = [alert({ id: "1", device: "c3", grade: "A" })];
    const tiles = arrange(cameras, queue, 4, { lead: ["c4", "c2"] });
    expect(tiles.map((t) => [t.camera.id, t.hot])).toEqual([
      ["c4", false],
      ["c2", false],
      ["c3", true],
      ["c1", false],
    ]);
  });

  it("take no notice of alerts of others", () => {
    expect(ids([alert({ device: "car-1", grade: "A" })])).toEqual(["c1", "c2", "c3", "c4"]);
  });

  it("go on with the next page", () => {
    expect(ids([], 4, 4)).toEqual(["c5"]);
  });

  it("keep their camera's number wherever they stand, and that is the key that picks it", () => {
    const queue = [alert({ id: "1", device: "c5", grade: "A" })];
    const tiles = arrange(cameras, queue, 3, { skip: 1 });
    expect(tiles.map((t) => [t.camera.id, t.number])).toEqual([
      ["c1", 1],
      ["c2", 2],
      ["c3", 3],
    ]);
    expect(arrange(cameras, queue, 1)[0]?.number).toBe(5);
    expect(cameraAt(cameras, 5)?.id).toBe("c5");
    expect(cameraAt(cameras, 9)).toBeUndefined();
  });
});

describe("a picture", () => {
  it("is covered when no newer one came for three seconds", () => {
    expect(isStale(STALE_S, false)).toBe(false);
    expect(isStale(STALE_S + 0.1, false)).toBe(true);
  });

  it("of its own may be as old as keyframes are apart", () => {
    expect(isStale(STILL_STALE_S, true)).toBe(false);
    expect(isStale(STILL_STALE_S + 1, true)).toBe(true);
  });
});
