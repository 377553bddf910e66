/** Which cameras are shown, and how much of a picture is still the present. */
import type { AlertRow, CameraRow, Grade } from "@/api/types";
import { compare } from "@/domain/queue";

/** A picture nobody has seen a newer one of for so long is covered. */
export const STALE_S = 3;
/** A single picture is a keyframe: it may be as old as the camera's keyframes are apart. */
export const STILL_STALE_S = 12;

export const LAYOUTS = [1, 4, 9, 16] as const;
export type Layout = (typeof LAYOUTS)[number];

export interface Tile {
  camera: CameraRow;
  /** Its number among all cameras, the same on every screen; up to nine it is also the key that picks it. null: alone. */
  number: number | null;
  grade: Grade | null;
  /** Whether its worst alert is over. */
  over: boolean;
  /** Whether it has the worst open alert of all. */
  hot: boolean;
}

/** The worst open alert of each camera, the worst first. `queue` is the open alerts in the queue's order. */
function worst(cameras: readonly CameraRow[], queue: readonly AlertRow[]): Map<string, AlertRow> {
  const known = new Set(cameras.map((c) => c.id));
  const found = new Map<string, AlertRow>();
  for (const alert of [...queue].sort(compare)) {
    if (known.has(alert.device) && !found.has(alert.device)) found.set(alert.device, alert);
  }
  return found;
}

/** `n` tiles from the `skip`th on: those with an alert first, the worst of them first, then the others in their order.
 * `lead`: the cameras that go before all. `cameras` is all of them, in their order. */
export function arrange(
  cameras: readonly CameraRow[],
  queue: readonly AlertRow[],
  n: number,
  { skip = 0, lead = [] }: { skip?: number; lead?: readonly string[] } = {},
): Tile[] {
  const alerts = worst(cameras, queue);
  const place = new Map([...lead, ...alerts.keys()].reverse().map((id, i, all) => [id, all.length - i]));
  const number = new Map(cameras.map((camera, i) => [camera.id, i + 1]));
  const rank = (c: CameraRow) => place.get(c.id) ?? Infinity;
  const hottest = alerts.keys().next().value;
  return [...cameras]
    .sort((a, b) => (rank(a) === rank(b) ? (a.id < b.id ? -1 : 1) : rank(a) - rank(b)))
    .slice(skip, skip + n)
    .map((camera) => ({
      camera,
      number: number.get(camera.id)!,
      grade: alerts.get(camera.id)?.grade ?? null,
      over: alerts.get(camera.id)?.to != null,
      hot: camera.id === hottest,
    }));
}

/** The camera that this key picks. */
export const cameraAt = (cameras: readonly CameraRow[], key: number): CameraRow | undefined => cameras[key - 1];

/** Whether the newest picture, seen `ageS` seconds ago, is no longer the present. */
export const isStale = (ageS: number, still: boolean): boolean => ageS > (still ? STILL_STALE_S : STALE_S);
