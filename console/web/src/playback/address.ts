/** What the address of the screen says: which cameras, and which moment. */
import type { LocationQuery, RouteLocationRaw } from "vue-router";
import { fromAddress, iso } from "@/domain/time";

export const MOST_CAMERAS = 4;

const text = (value: LocationQuery[string] | undefined): string => [value].flat()[0] ?? "";

export const camerasIn = (query: LocationQuery): string[] =>
  [...new Set(text(query["camera"]).split(",").filter(Boolean))].slice(0, MOST_CAMERAS);

/** The moment to begin at, Unix seconds; null for none. */
export const momentIn = (query: LocationQuery): number | null => fromAddress(text(query["at"]));

/** A camera's recording at a moment. */
export const recordingOf = (camera: string, at: number): RouteLocationRaw => ({
  path: "/desk/evidence",
  query: { camera, at: iso(at) },
});

/** Where an export of a selection is asked for. */
export const exportOf = (cameras: readonly string[], [from, to]: readonly [number, number]): RouteLocationRaw => ({
  path: "/desk/exports",
  query: { camera: cameras.join(","), from: iso(from), to: iso(to) },
});
