/** The one fleet of this page, and a number that moves when it changed. */
import { shallowRef } from "vue";
import { api } from "@/api/client";
import type { PositionChanges } from "@/api/types";
import { nowExactly, setServerTime } from "./clock";
import { Fleet } from "./fleet";
import { SinceAsked } from "./since_asked";
import { source } from "./source";

/** Whether it is known where everybody is. */
export const positionsKnown = source();

export const fleet = new Fleet();
export const version = shallowRef(0);

const REFRESH_MS = 60_000;
const told = new SinceAsked<string>();
let asking: Promise<void> | null = null;
let again: Promise<void> | null = null;

/** One request at a time. What is on its way may have been answered before that happened for which this one is wanted (a
 * device came, the stream was away), so that it is followed by one more, for all who wait. */
export function loadPositions(): Promise<void> {
  if (!asking) return (asking = load().finally(() => (asking = null)));
  return (again ??= asking.catch(() => undefined).then(() => {
    again = null;
    return loadPositions();
  }));
}

async function load(): Promise<void> {
  await told.ask(async (newer) => {
    const positions = await positionsKnown.read(api.positions);
    setServerTime(positions.at);
    fleet.load(positions.items, nowExactly(), newer);
    version.value++;
  });
}

export function takePositions(changes: PositionChanges): void {
  setServerTime(changes.at);
  const strangers = fleet.change(changes.items, nowExactly());
  fleet.say(changes.statuses ?? {});
  fleet.hear(changes.heard ?? {});
  for (const [device] of changes.items) told.said(device);
  for (const device of Object.keys({ ...changes.statuses, ...changes.heard })) told.said(device);
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
