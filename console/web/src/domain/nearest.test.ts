import { describe, expect, it } from "vitest";
import type { CameraRow } from "@/api/types";
import { cameraNear, nearest } from "./nearest";

const HERE = [106, 38] as const;
/** `m` metres north of here. */
const north = (m: number) => [106, 38 + m / 111_320] as const;

describe("who is nearest", () => {
  it("puts first who would be there first, which is not always who is nearest", () => {
    const units = [
      { device: "off-1", kind: "officer", at: north(900) },
      { device: "car-1", kind: "car", at: north(3_000) },
      { device: "car-2", kind: "car", at: north(6_000) },
      { device: "car-3", kind: "car", at: north(9_000) },
    ];
    expect(nearest(units, HERE, 3)).toEqual([
      { device: "car-1", distanceM: expect.closeTo(3_000, 0), minutes: 7 },
      { device: "car-2", distanceM: expect.closeTo(6_000, 0), minutes: 13 },
      { device: "off-1", distanceM: expect.closeTo(900, 0), minutes: 16 },
    ]);
  });

  it("says at least a minute, and nothing where there is nobody", () => {
    expect(nearest([{ device: "car-1", kind: "car", at: HERE }], HERE, 3)[0]!.minutes).toBe(1);
    expect(nearest([], HERE, 3)).toEqual([]);
  });
});

describe("the nearest camera", () => {
  const camera = (id: string, at: readonly [number, number] | null, kind = "street") =>
    ({ id, kind, lon: at?.[0] ?? null, lat: at?.[1] ?? null }) as CameraRow;

  it("is one outdoors that says where it is, and near enough to show something", () => {
    const cameras = [
      camera("room", north(10), "interrogation"),
      camera("nowhere", null),
      camera("far", north(1_500)),
      camera("near", north(400)),
    ];
    expect(cameraNear(cameras, HERE)).toMatchObject({ camera: { id: "near" }, distanceM: expect.closeTo(400, 0) });
    expect(cameraNear(cameras.slice(0, 2), HERE)).toBeNull();
    expect(cameraNear([camera("away", north(2_100))], HERE)).toBeNull();
  });
});
