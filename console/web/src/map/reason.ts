/** An alert draws its own reason: what it is measured against, the track, the stretch in breach, the moment. */
import type { Feature, FeatureCollection, Position } from "geojson";
import type { ExpressionSpecification, GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import type { AlertRow, Track } from "@/api/types";
import { indexAt } from "@/domain/figures";
import { circle, placeOf, type LonLat } from "@/domain/geometry";
import type { Subject } from "@/domain/subject";
import { seconds } from "@/domain/time";
import { EMPTY, NAMES, STREETS } from "./style";
import { mixed, type Theme } from "./theme";

const SOURCE = "reason";
const METRES_PER_PIXEL_Z0 = 78_271.517;
const ZOOM_MAX = 24;
/** Longer silences are not joined by a line: nobody knows the way between. */
const JOIN_WITHIN_S = 180;

export interface Reason {
  alert: AlertRow;
  subject: Subject;
  track: Track | null;
}

export function addReasonLayers(map: MapLibre, theme: Theme): void {
  map.addSource(SOURCE, { type: "geojson", data: EMPTY, tolerance: 0 });
  const part = (name: string): ExpressionSpecification => ["==", ["get", "part"], name];
  const grade: ExpressionSpecification = ["match", ["get", "grade"], "A", theme.grade.A, "B", theme.grade.B, theme.grade.C];
  const band = theme.corridor === "grade" ? grade : theme.route;
  // A translucent line is twice as dark where it crosses itself, at each corner. Under the streets it can be opaque.
  const opaque = (colour: string) => mixed(colour, theme.land, theme.corridorOpacity);
  const { A, B, C } = theme.grade;
  const ground: ExpressionSpecification | string =
    theme.corridor === "grade" ? ["match", ["get", "grade"], "A", opaque(A), "B", opaque(B), opaque(C)] : opaque(theme.route);
  const round = { "line-cap": "round", "line-join": "round" } as const;
  // Metres → pixels: a corridor is as wide on the map as it is on the ground, at every zoom.
  const metres: ExpressionSpecification = [
    "interpolate",
    ["exponential", 2],
    ["zoom"],
    0,
    ["get", "px0"],
    ZOOM_MAX,
    ["*", ["get", "px0"], 2 ** ZOOM_MAX],
  ];
  const source = SOURCE;
  map.addLayer({
    id: "reason-corridor",
    type: "line",
    source,
    filter: part("route"),
    layout: round,
    paint: { "line-color": ground, "line-width": metres },
  }, STREETS);
  map.addLayer({
    id: "reason-area",
    type: "fill",
    source,
    filter: part("area"),
    paint: { "fill-color": band, "fill-opacity": theme.corridorOpacity * 0.7 },
  }, NAMES);
  map.addLayer({
    id: "reason-area-edge",
    type: "line",
    source,
    filter: part("area"),
    paint: { "line-color": band, "line-width": 1.5, "line-dasharray": [4, 3] },
  }, NAMES);
  map.addLayer({
    id: "reason-route",
    type: "line",
    source,
    filter: part("route"),
    layout: round,
    paint: { "line-color": theme.route, "line-width": 2.5, "line-dasharray": [2.5, 2.5] },
  }, NAMES);
  map.addLayer({
    id: "reason-track",
    type: "line",
    source,
    filter: part("track"),
    layout: round,
    paint: { "line-color": theme.track, "line-width": 3 },
  }, NAMES);
  map.addLayer({
    id: "reason-fixes",
    type: "circle",
    source,
    filter: part("fix"),
    minzoom: 12.5,
    paint: { "circle-color": theme.track, "circle-radius": ["interpolate", ["linear"], ["zoom"], 12.5, 1.6, 15, 3.4] },
  }, NAMES);
  map.addLayer({
    id: "reason-breach",
    type: "line",
    source,
    filter: part("breach"),
    layout: round,
    paint: { "line-color": grade, "line-width": 4.5 },
  }, NAMES);
  map.addLayer({
    id: "reason-moment",
    type: "circle",
    source,
    filter: part("moment"),
    paint: {
      "circle-color": theme.halo,
      "circle-radius": 5,
      "circle-stroke-color": grade,
      "circle-stroke-width": 2.5,
    },
  }, NAMES);
}

export function showReason(map: MapLibre, reason: Reason | null): void {
  void map.getSource<GeoJSONSource>(SOURCE)?.setData(reason ? reasonFeatures(reason) : EMPTY);
}

export function reasonFeatures({ alert, subject, track }: Reason): FeatureCollection {
  const grade = alert.grade;
  const features: Feature[] = [];
  for (const { line, corridorM } of subject.routes) {
    const px0 = (2 * corridorM) / (METRES_PER_PIXEL_Z0 * Math.cos(((line[0]?.[1] ?? 0) * Math.PI) / 180));
    features.push(lineOf(line, { part: "route", grade, px0 }));
  }
  for (const { rings } of subject.areas) features.push(polygon(rings, { part: "area", grade }));
  for (const { centre, radiusM } of subject.circles) {
    features.push(polygon([circle(centre, radiusM)], { part: "area", grade }));
  }
  if (track) features.push(...trackFeatures(track, alert));
  return { type: "FeatureCollection", features };
}

function trackFeatures(track: Track, alert: AlertRow): Feature[] {
  const features: Feature[] = [];
  const all = track.t.map((_, i): LonLat => [track.lon[i]!, track.lat[i]!]);
  for (const run of runs(track, 0, all.length - 1)) features.push(lineOf(all.slice(...run), { part: "track" }));
  features.push(...breachOf(track, alert, all));
  const step = Math.max(1, Math.floor(all.length / 60));
  all.forEach((at, i) => {
    if (i % step === 0) features.push(point(at, { part: "fix" }));
  });
  return features;
}

/** The stretch during which the alert lasted, and the place where it began. */
function breachOf(track: Track, alert: AlertRow, all: readonly LonLat[]): Feature[] {
  const first = Math.max(0, indexAt(track.t, seconds(alert.from) ?? 0));
  const last = Math.max(first, indexAt(track.t, seconds(alert.to) ?? Infinity));
  const stretches = runs(track, first, last).map((run) =>
    lineOf(all.slice(...run), { part: "breach", grade: alert.grade }),
  );
  const moment = all[first] ?? placeOf(alert);
  return moment ? [...stretches, point(moment, { part: "moment", grade: alert.grade })] : stretches;
}

/** [from, to) stretches of at least two fixes without a long silence in them. */
function runs(track: Track, first: number, last: number): [number, number][] {
  const found: [number, number][] = [];
  let start = first;
  for (let i = first + 1; i <= last + 1; i++) {
    const broken = i > last || track.t[i]! - track.t[i - 1]! > JOIN_WITHIN_S;
    if (!broken) continue;
    if (i - start > 1) found.push([start, i]);
    start = i;
  }
  return found;
}

const mutable = (points: readonly LonLat[]): Position[] => points.map((p) => [p[0], p[1]]);

const lineOf = (points: readonly LonLat[], properties: object): Feature => ({
  type: "Feature",
  geometry: { type: "LineString", coordinates: mutable(points) },
  properties: { ...properties },
});

const polygon = (rings: readonly (readonly LonLat[])[], properties: object): Feature => ({
  type: "Feature",
  geometry: { type: "Polygon", coordinates: rings.map(mutable) },
  properties: { ...properties },
});

const point = (at: LonLat, properties: object): Feature => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: [at[0], at[1]] },
  properties: { ...properties },
});

/** Whole tracks with the stretches of their alerts, for playback. */
export function showTracks(map: MapLibre, tracks: readonly Track[], alerts: readonly AlertRow[]): void {
  const features = tracks.flatMap((track): Feature[] => {
    const all = track.t.map((_, i): LonLat => [track.lon[i]!, track.lat[i]!]);
    const way = runs(track, 0, all.length - 1).map((run) => lineOf(all.slice(...run), { part: "track" }));
    const own = alerts.filter((alert) => alert.device === track.device);
    return [...way, ...own.flatMap((alert) => breachOf(track, alert, all))];
  });
  void map.getSource<GeoJSONSource>(SOURCE)?.setData({ type: "FeatureCollection", features });
}

export function trackBox(track: Track): [number, number, number, number] | null {
  if (!track.t.length) return null;
  const low = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b));
  const high = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b));
  return [low(track.lon), low(track.lat), high(track.lon), high(track.lat)];
}

/** What must be in view for the reason to be seen; null where there is nothing to see. */
export function reasonBox({ alert, subject, track }: Reason): [number, number, number, number] | null {
  const from = (seconds(alert.from) ?? 0) - (subject.circles.length ? 30 : 240);
  const place = placeOf(alert);
  const points: LonLat[] = place ? [place] : [];
  track?.t.forEach((t, i) => {
    if (t >= from) points.push([track.lon[i]!, track.lat[i]!]);
  });
  for (const { centre, radiusM } of subject.circles) points.push(...circle(centre, radiusM, 8));
  if (!points.length) return null;
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
