/** The one fleet of this page, and a number that moves when it changed. */
import { shallowRef } from "vue";
import { api } from "@/api/client";
import type { PositionChanges } from "@/api/types";
import { nowExactly, setServerTime } from "./clock";
import { Fleet } from "./fleet";
import { source } from "./source";

/** Whether it is known where everybody is. */
export const positionsKnown = source();

export const fleet = new Fleet();
export const version = shallowRef(0);

const REFRESH_MS = 60_000;
let asking = false;

export async function loadPositions(): Promise<void> {
  if (asking) return;
  asking = true;
  try {
    const positions = await positionsKnown.read(api.positions);
    setServerTime(positions.at);
    fleet.load(positions.items, nowExactly());
    version.value++;
  } finally {
    asking = false;
  }
}

export function takePositions(changes: PositionChanges): void {
  setServerTime(changes.at);
  const strangers = fleet.change(changes.items, nowExactly());
  fleet.say(changes.statuses ?? {});
  version.value++;
  if (strangers.length) void loadPositions().catch(() => undefined);
}

/** Duties come only with the whole list: ask for it now and then. */
export function refreshPositions(): () => void {
  const timer = setInterval(() => void loadPositions().catch(() => undefined), REFRESH_MS);
  return () => clearInterval(timer);
}

export function nameParts(device: string): { kind: string | null; name: string | null } {
  const slot = fleet.slot(device);
  const who = slot === undefined ? null : fleet.who[slot]!;
  return { kind: who?.kind ?? null, name: who?.name ?? null };
}
