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
  /** The key that picks it, from 1; none beyond 9. */
  key: number | null;
  grade: Grade | null;
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
 * `lead`: the camera that goes before all. */
export function arrange(
  cameras: readonly CameraRow[],
  queue: readonly AlertRow[],
  n: number,
  { skip = 0, lead = "" }: { skip?: number; lead?: string } = {},
): Tile[] {
  const alerts = worst(cameras, queue);
  const place = new Map([...alerts.keys()].map((id, i) => [id, i]));
  const rank = (c: CameraRow) => (c.id === lead ? -1 : (place.get(c.id) ?? alerts.size));
  const hottest = alerts.keys().next().value;
  return [...cameras]
    .sort((a, b) => rank(a) - rank(b) || (a.id < b.id ? -1 : 1))
    .slice(skip, skip + n)
    .map((camera, i) => ({
      camera,
      key: i < 9 ? i + 1 : null,
      grade: alerts.get(camera.id)?.grade ?? null,
      hot: camera.id === hottest,
    }));
}

/** Whether the newest picture, seen `ageS` seconds ago, is no longer the present. */
export const isStale = (ageS: number, still: boolean): boolean => ageS > (still ? STILL_STALE_S : STALE_S);
