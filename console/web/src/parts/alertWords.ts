/** The words of one alert as both screens say them. */
import type { AlertRow } from "@/api/types";
import { placeOf } from "@/domain/geometry";
import { momentMinute, seconds } from "@/domain/time";
import { deviceName, duration, ruleName } from "@/domain/words";
import { cameraOf, isRecorder } from "@/stores/cameras";
import { gazetteer, planned } from "@/stores/county";
import { nameParts } from "@/stores/positions";

export function who(device: string): string {
  const camera = cameraOf(device);
  if (camera) return camera.name;
  if (isRecorder(device)) return deviceName(device, "recorder");
  const live = nameParts(device);
  const plan = planned(device);
  return deviceName(device, live.kind ?? plan.kind, live.name ?? plan.name);
}

export function where(a: AlertRow): string {
  const place = placeOf(a);
  return place ? gazetteer.value.near(...place) : "";
}

export const what = (a: AlertRow): string => ruleName(a.rule);

/** How long the state has lasted, or did. */
export function lasted(a: AlertRow, now: number): number {
  const from = seconds(a.from) ?? now;
  return Math.max(0, (seconds(a.to) ?? now) - from);
}

/** When it ended, to the minute; empty while it lasts. */
export function endedAt(a: AlertRow, now: number): string {
  const ended = seconds(a.to);
  return ended === null ? "" : momentMinute(ended, now);
}

export const lastedText = (a: AlertRow, now: number): string => duration(lasted(a, now));
