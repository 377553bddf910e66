/** Who of those that are due on duty is really there: heard of, and not where an alert that lasts says that they are not. */
import type { AlertRow, SystemState } from "@/api/types";
import { isOngoing } from "./queue";

/** Not at the place of their duty. */
const ABSENT = new Set(["off-post", "off-standby", "not-on-patrol"]);
/** On duty, but elsewhere than planned. */
const ASTRAY = new Set(["off-route", "out-of-area"]);

/** A device not heard of for so long counts as silent, for the server too. */
export const SILENT_AFTER_S = 180;

export interface Presence {
  /** By the roster. */
  due: number;
  present: number;
  /** Absent from their place, or astray. */
  away: number;
  /** Not heard of for minutes. */
  silent: number;
}

/** null where the server does not know. `isSilent`: whether nothing was heard of a device lately, so that it is counted as silent already. */
export function presenceOf(
  devices: SystemState["devices"],
  alerts: readonly AlertRow[],
  isSilent: (device: string) => boolean,
): Presence | null {
  if (devices.on_duty === null || devices.stale === null) return null;
  const lasting = alerts.filter((a) => isOngoing(a) && !a.withdrawn && a.state !== "FALSE");
  const of = (rules: ReadonlySet<string>) => new Set(lasting.filter((a) => rules.has(a.rule)).map((a) => a.device));
  const absent = of(ABSENT);
  const heardAbsent = [...absent].filter((device) => !isSilent(device)).length;
  return {
    due: devices.on_duty,
    present: Math.max(0, devices.on_duty - devices.stale - heardAbsent),
    away: new Set([...absent, ...of(ASTRAY)]).size,
    silent: devices.stale,
  };
}
