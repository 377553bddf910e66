/** Figures and names in the words of the catalogue: factual, short, with their unit. */
import { known, t } from "@/i18n";

export function duration(s: number): string {
  const whole = Math.max(0, Math.round(s));
  if (whole < 60) return t("time.seconds", { s: whole });
  const [d, hours] = [Math.floor(whole / 86_400), Math.floor((whole % 86_400) / 3600)];
  if (d >= 2) return hours ? t("time.days_hours", { d, h: hours }) : t("time.days", { d });
  if (whole >= 3600) return t("time.hours", { h: Math.floor(whole / 3600), m: Math.floor((whole % 3600) / 60) });
  const [m, rest] = [Math.floor(whole / 60), whole % 60];
  return rest ? t("time.minutes_seconds", { m, s: rest }) : t("time.minutes", { m });
}

export function ago(s: number): string {
  if (s >= 3600) return t("time.ago_hours", { h: Math.floor(s / 3600) });
  if (s >= 60) return t("time.ago_minutes", { m: Math.floor(s / 60) });
  return t("time.ago_seconds", { s: Math.max(0, Math.floor(s)) });
}

export function metres(m: number): string {
  if (m >= 10_000) return t("unit.km", { n: (m / 1000).toFixed(1) });
  return t("unit.m", { n: m < 10 ? Number(m.toFixed(1)) : Math.round(m) });
}

export const speed = (mps: number): string => t("unit.kmh", { n: Math.round(mps * 3.6) });
export const percent = (part: number): string => `${Math.round(part * 100)} %`;

/** Who did it: the system and the desk by the catalogue's names, anybody else by their own. */
export const actorName = (actor: string): string => known(`actor.${actor}`, actor);

export const ruleName = (rule: string): string => known(`rule.${rule}`, rule);

/** "警车 07" for car-07; a name the bureau gave stays as it is. */
export function deviceName(device: string, kind?: string | null, name?: string | null): string {
  if (name && name !== device) return name;
  const digits = /^(car|off|officer)[-_]?(\d+)$/.exec(device);
  const sort = digits ? (digits[1] === "car" ? "car" : "officer") : kind;
  return `${known(`kind.${sort ?? "other"}`, t("kind.other"))} ${digits?.[2] ?? device}`;
}
