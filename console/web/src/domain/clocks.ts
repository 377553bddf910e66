/** The clocks of a questioning as they run on between two answers of the server: the same reading as it makes. */
import type { ClockRow, Grade, Words } from "@/api/types";
import { seconds } from "./time";

export type Standing = ClockRow["standing"];

/** Before the end of a tier. */
export const SOON_S = 3_600;
export const CLOSE_S = 900;

export interface Reading {
  heldS: number;
  /** The tier it is in: the first that is not over, the last where all are. A bound belongs to what it bounds. */
  limitS: number;
  /** Below zero: over. */
  leftS: number;
  endsAt: number;
  standing: Standing;
  /** How full the tier is, 0 to 1. */
  part: number;
  /** Beyond the first tier it may run only on this condition; and the limit that was passed. */
  extended: { condition: Words; passedS: number } | null;
}

export function readClock(clock: ClockRow, now: number): Reading {
  const since = seconds(clock.since) ?? now;
  const heldS = Math.max(0, now - since);
  const { tiers } = clock;
  const found = tiers.findIndex((tier) => heldS <= tier.limit_s);
  const index = found < 0 ? tiers.length - 1 : found;
  const tier = tiers[index]!;
  const leftS = tier.limit_s - heldS;
  const passed = tiers[index - 1];
  return {
    heldS,
    limitS: tier.limit_s,
    leftS,
    endsAt: since + tier.limit_s,
    standing: leftS < 0 ? "over" : leftS > SOON_S ? "within" : leftS > CLOSE_S ? "soon" : "close",
    part: Math.min(1, heldS / tier.limit_s),
    extended: passed && tier.condition ? { condition: tier.condition, passedS: passed.limit_s } : null,
  };
}

/** How grave a reading is, in the signs of the wall. Of the holding the law says how long; beyond its first tier somebody
 * has to check that it may go on. The other limits are the bureau's own. */
export function gravity(kind: ClockRow["kind"], { standing, extended }: Reading): Grade | null {
  if (kind !== "holding") return standing === "over" ? "B" : standing === "within" ? null : "C";
  if (standing === "over") return "A";
  if (standing === "close" || extended) return "B";
  return standing === "soon" ? "C" : null;
}

/** 0:41:07, 3:41:00, 25:00:01: hours always, so that minutes are never taken for them. */
export function figure(s: number): string {
  const whole = Math.max(0, Math.floor(s));
  const two = (n: number) => String(n).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor((whole % 3600) / 60))}:${two(whole % 60)}`;
}

export const hours = (s: number): number => Number((s / 3600).toFixed(1));
