/** Who could be there first, and which camera looks on: by straight distance, never by more than is known. */
import type { CameraRow } from "@/api/types";
import { Plane, type LonLat } from "./geometry";

/** A road is this much longer than the straight line. */
const DETOUR = 1.4;
const SPEED_MPS = { car: 40 / 3.6, officer: 5 / 3.6 } as const;

export interface Placed {
  device: string;
  kind: string;
  at: LonLat;
}

export interface Candidate {
  device: string;
  distanceM: number;
  /** A guess: the detour of a road at 40 km/h by car, at 5 km/h on foot. */
  minutes: number;
}

/** The `n` that would be at `place` first, soonest first. */
export function nearest(units: readonly Placed[], place: LonLat, n: number): Candidate[] {
  const plane = new Plane(place);
  return units
    .map(({ device, kind, at }) => {
      const distanceM = plane.distance(at, place);
      const mps = kind === "officer" ? SPEED_MPS.officer : SPEED_MPS.car;
      return { device, distanceM, minutes: Math.max(1, Math.ceil((distanceM * DETOUR) / mps / 60)) };
    })
    .sort((a, b) => a.minutes - b.minutes || a.distanceM - b.distanceM)
    .slice(0, n);
}

/** Farther away a camera shows nothing of it. */
export const CAMERA_WITHIN_M = 2_000;
/** What looks at a room or a counter shows nothing of a street; one that is worn is nowhere for long. */
const OUTDOOR: readonly CameraRow["kind"][] = ["street"];

/** The camera outdoors that is nearest to `place`, and how far away; null where none is near or says where it is. */
export function cameraNear(cameras: readonly CameraRow[], place: LonLat): { camera: CameraRow; distanceM: number } | null {
  const plane = new Plane(place);
  const near = cameras
    .filter((camera) => OUTDOOR.includes(camera.kind) && camera.lon !== null && camera.lat !== null)
    .map((camera) => ({ camera, distanceM: plane.distance([camera.lon!, camera.lat!], place) }))
    .sort((a, b) => a.distanceM - b.distanceM)[0];
  return near && near.distanceM <= CAMERA_WITHIN_M ? near : null;
}
