/** How old a position may be before it stops looking like the present. */
export type Age = "fresh" | "late" | "stale";

const INTERVAL_MIN_S = 5;
const INTERVAL_MAX_S = 60;
export const INTERVAL_DEFAULT_S = 15;
/** What transport may add before an interval counts as missed. */
const GRACE_S = 3;

/** Solid for two reporting intervals, hollow for five, then dashed with its age. */
export function ageOf(ageS: number, intervalS: number, offline = false): Age {
  if (offline) return "stale";
  const interval = Math.min(INTERVAL_MAX_S, Math.max(INTERVAL_MIN_S, intervalS));
  if (ageS <= 2 * interval + GRACE_S) return "fresh";
  return ageS <= 5 * interval + GRACE_S ? "late" : "stale";
}

/** The usual gap between a device's fixes, learned slowly; a silence is not an interval. */
export function learnInterval(known: number, gapS: number): number {
  if (gapS <= 0 || gapS > 5 * INTERVAL_MAX_S) return known;
  return known + 0.2 * (Math.min(gapS, INTERVAL_MAX_S) - known);
}

/** Off duty and silent this long: not part of the picture any more. */
export const HIDE_OFF_DUTY_S = 1_800;
