/** The figure an alert rests on, over time, against its limit: that chart is the explanation. */
import type { AlertRow, Track } from "@/api/types";
import { Plane, inPolygon, placeOf, type LonLat } from "./geometry";
import type { Subject } from "./subject";

export type FigureKey =
  | "figure.distance_route"
  | "figure.distance_area"
  | "figure.distance_post"
  | "figure.distance_stop"
  | "figure.distance_checkpoint"
  | "figure.silence"
  | "figure.speed"
  | "figure.speed_between";

export interface Series {
  key: FigureKey;
  unit: "m" | "s" | "km/h";
  t: number[];
  v: number[];
  limit: number | null;
}

const number = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);
const kmh = (mps: number | null): number | null => (mps === null ? null : mps * 3.6);

export function figureOf(alert: AlertRow, track: Track, subject: Subject, untilS: number): Series | null {
  const { detail } = alert;
  if (alert.rule === "signal-lost") return silence(track, number(detail["limit_s"]) ?? 180, untilS);
  if (alert.rule === "speeding") return reported(track, kmh(number(detail["limit_mps"])));
  if (alert.rule === "implausible-position") return between(track, kmh(number(detail["limit_mps"])));
  if (alert.rule === "not-on-patrol") return reported(track, null);

  const place = placeOf(alert) ?? [track.lon[0] ?? 0, track.lat[0] ?? 0];
  const plane = new Plane(place);
  const over = (key: FigureKey, limit: number | null, measure: (p: LonLat) => number): Series => ({
    key,
    unit: "m",
    t: [...track.t],
    v: track.t.map((_, i) => measure([track.lon[i]!, track.lat[i]!])),
    limit,
  });
  const nearest = (kind: string) => (p: LonLat) =>
    Math.min(...subject.circles.filter((c) => c.kind === kind).map((c) => plane.distance(p, c.centre)));
  const area = subject.areas.length ? (p: LonLat) => outside(plane, p, subject) : null;
  const circle = subject.circles[0];

  if (alert.rule === "overtime-stop" && circle) {
    return over("figure.distance_stop", circle.radiusM, (p) => plane.distance(p, place));
  }
  if (alert.rule === "missed-checkpoint") {
    return circle ? over("figure.distance_checkpoint", circle.radiusM, nearest("checkpoint")) : null;
  }
  if (alert.rule === "off-route" && subject.routes.length) {
    const limit = number(detail["corridor_m"]) ?? subject.routes[0]!.corridorM;
    return over("figure.distance_route", limit, (p) =>
      Math.min(...subject.routes.map((route) => plane.toLine(p, route.line))),
    );
  }
  if (alert.rule === "out-of-area" && area) return over("figure.distance_area", 0, area);
  if (alert.rule === "off-post" || alert.rule === "off-standby") {
    const posts = subject.circles.filter((c) => c.kind === "post");
    if (posts.length) {
      return over("figure.distance_post", number(detail["radius_m"]) ?? posts[0]!.radiusM, nearest("post"));
    }
    if (area) return over("figure.distance_area", 0, area);
  }
  return track.t.length ? reported(track, null) : null;
}

/** Metres outside the nearest of the areas; 0 inside. */
function outside(plane: Plane, p: LonLat, subject: Subject): number {
  let best = Infinity;
  for (const area of subject.areas) {
    if (inPolygon(p, area.rings)) return 0;
    for (const ring of area.rings) best = Math.min(best, plane.toLine(p, ring));
  }
  return best;
}

/** Seconds since the last fix: rises while nothing comes, falls to nothing with each fix. */
function silence(track: Track, limit: number, untilS: number): Series {
  const series: Series = { key: "figure.silence", unit: "s", t: [], v: [], limit };
  let last: number | null = null;
  for (const t of track.t) {
    if (last !== null) push(series, t, t - last);
    push(series, t, 0);
    last = t;
  }
  if (last !== null && untilS > last) push(series, untilS, untilS - last);
  return series;
}

function push(series: Series, t: number, v: number): void {
  series.t.push(t);
  series.v.push(v);
}

/** The speed the device reports; where it reports none, the speed between its fixes. */
function reported(track: Track, limit: number | null): Series {
  const own = between(track, limit);
  return { ...own, key: "figure.speed", v: own.v.map((v, i) => kmh(number(track.speed[i])) ?? v) };
}

function between(track: Track, limit: number | null): Series {
  const series: Series = { key: "figure.speed_between", unit: "km/h", t: [...track.t], v: [], limit };
  const plane = new Plane([track.lon[0] ?? 0, track.lat[0] ?? 0]);
  for (let i = 0; i < track.t.length; i++) {
    const dt = i ? track.t[i]! - track.t[i - 1]! : 0;
    const way = i ? plane.distance([track.lon[i - 1]!, track.lat[i - 1]!], [track.lon[i]!, track.lat[i]!]) : 0;
    series.v.push(dt > 0 ? (way / dt) * 3.6 : 0);
  }
  return series;
}

/** Index of the last time ≤ t; -1 before the first. */
export function indexAt(times: readonly number[], t: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= t) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Where the device was at t, between two fixes on the straight line; null outside the track or in a long gap. */
export function placeAt(track: Track, t: number, gapS = 120): { at: LonLat; index: number } | null {
  const i = indexAt(track.t, t);
  if (i < 0) return null;
  const from: LonLat = [track.lon[i]!, track.lat[i]!];
  const next = track.t[i + 1];
  if (next === undefined || next - track.t[i]! > gapS) return { at: from, index: i };
  const part = (t - track.t[i]!) / (next - track.t[i]!);
  const to: LonLat = [track.lon[i + 1]!, track.lat[i + 1]!];
  return { at: [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])], index: i };
}
