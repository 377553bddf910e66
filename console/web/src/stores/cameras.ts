/** The cameras and how they are, as the server says it: all at first, then whichever changed. */
import { computed, reactive } from "vue";
import { api } from "@/api/client";
import type { CameraRow } from "@/api/types";
import { fleet, version } from "./positions";
import { SinceAsked } from "./since_asked";
import { source } from "./source";

/** Whether the cameras are known. */
export const camerasKnown = source();

const rows = reactive(new Map<string, CameraRow>());

/** In the order of their ids: a tile keeps its number. */
export const cameras = computed(() => [...rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1)));

/** The camera with this id; an alert about what a camera saw names it as its device. */
export const cameraOf = (id: string): CameraRow | undefined => rows.get(id);

/** The camera that stands still under this name. A terminal that reports where it is and publishes its picture does both
 * under one name: what is told of it is told of somebody who moves, with a camera of their own. */
export function stillCameraOf(id: string): CameraRow | undefined {
  void version.value;
  const camera = rows.get(id);
  return camera?.kind === "bodycam" && fleet.slot(id) !== undefined ? undefined : camera;
}

/** Whether this is a recorder; what it left out itself is an alert about it and not about each camera. */
export const isRecorder = (id: string): boolean => cameras.value.some((camera) => camera.recorder === id);

const told = new SinceAsked<string>();

export async function loadCameras(): Promise<void> {
  await told.ask(async (newer) => {
    const { items } = await camerasKnown.read(api.cameras);
    for (const id of [...rows.keys()]) if (!newer.has(id)) rows.delete(id);
    for (const row of items) if (!newer.has(row.id)) rows.set(row.id, row);
  });
}

export function takeCamera(row: CameraRow): void {
  told.said(row.id);
  rows.set(row.id, row);
}
