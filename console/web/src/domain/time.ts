/** Times: UTC inside, Asia/Shanghai in sight. Seconds since 1970 everywhere between. */
import { t } from "@/i18n";

export const ZONE = "Asia/Shanghai";

/** RFC 3339 text or Unix seconds → Unix seconds; null when it is neither. */
export function seconds(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || !value) return null;
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? null : parsed / 1000;
}

export const iso = (s: number): string => new Date(s * 1000).toISOString();

const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: ZONE,
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });

export const clockTime = (s: number): string => clock.format(s * 1000);
export const clockMinute = (s: number): string => clockTime(s).slice(0, 5);
export const date = (s: number): string => day.format(s * 1000);

export function weekday(s: number, language: "zh" | "en"): string {
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(locale, { timeZone: ZONE, weekday: "short" }).format(s * 1000);
}

/** "2026-01-05 20:49:04", as people write it and `written` reads it. */
export const writtenTime = (s: number): string => `${date(s)} ${clockTime(s)}`;

/** From one to the other, with the day of the end only where it is another. */
export const writtenSpan = (from: number, to: number): string =>
  `${writtenTime(from)} – ${date(from) === date(to) ? clockTime(to) : writtenTime(to)}`;

/** What `writtenTime` writes, seconds and a T for the space allowed for → Unix seconds; null for anything else. */
export function written(text: string): number | null {
  const parts = /^\s*(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2})?\s*$/.exec(text);
  if (!parts) return null;
  const parsed = seconds(`${parts[1]}T${parts[2]}${parts[3] ?? ":00"}+08:00`);
  return parsed !== null && writtenTime(parsed).startsWith(`${parts[1]} ${parts[2]}`) ? parsed : null;
}

/** A moment in an address: RFC 3339, or Unix seconds in digits; null when it is neither. */
export const fromAddress = (text: string): number | null => seconds(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);

const otherDay = (s: number): string => `${date(s).slice(5)} ${clockMinute(s)}`;
/** "20:49:04" today, "01-04 20:49" on another day. */
export const moment = (s: number, now: number): string => (date(s) === date(now) ? clockTime(s) : otherDay(s));
/** "20:49" today, "01-04 20:49" on another day. */
export const momentMinute = (s: number, now: number): string => (date(s) === date(now) ? clockMinute(s) : otherDay(s));

/** Age as a counter: 0:24, 11:05, 2:03:10; from a day on in days and hours. */
export function counter(s: number): string {
  const whole = Math.max(0, Math.floor(s));
  const two = (n: number) => String(n).padStart(2, "0");
  if (whole >= 86_400) return t("time.days_hours_short", { d: Math.floor(whole / 86_400), h: two(Math.floor((whole % 86_400) / 3600)) });
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  return h ? `${h}:${two(m)}:${two(whole % 60)}` : `${m}:${two(whole % 60)}`;
}
