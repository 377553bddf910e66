/** What the plan says an alert is about: the route, area, post or checkpoints it is measured against. */
import type { Feature, Geometry, Position } from "geojson";
import type { AlertRow, PlanDocument } from "@/api/types";
import { placeOf, type LonLat } from "./geometry";

export interface Subject {
  routes: { line: LonLat[]; corridorM: number; name: string }[];
  areas: { rings: LonLat[][]; name: string }[];
  circles: { id: string; centre: LonLat; radiusM: number; name: string; kind: "post" | "checkpoint" | "stop" }[];
}

const DEFAULTS = { corridor: 60, post: 80, checkpoint: 50, stop: 50 };

const points = (positions: Position[]): LonLat[] => positions.map((p) => [p[0] ?? 0, p[1] ?? 0]);
const figure = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export function subjectOf(alert: AlertRow, plan: PlanDocument | null): Subject {
  const subject: Subject = { routes: [], areas: [], circles: [] };
  const detail = alert.detail;
  const duty = plan?.duties?.find((d) => d.id === alert.duty);
  const wanted = new Set(
    [detail["route"], detail["area"], detail["post"], duty?.route, duty?.area, duty?.post]
      .filter((id) => id !== undefined && id !== null)
      .map(String),
  );
  if (alert.rule === "missed-checkpoint") {
    for (const id of [...texts(detail["missed"]), ...texts(detail["unknown"]), ...texts(detail["visited"])]) {
      wanted.add(id);
    }
  }
  for (const feature of plan?.features ?? []) {
    if (wanted.has(String(feature.id))) add(subject, feature, alert);
  }
  const centre = placeOf(alert);
  if (alert.rule === "overtime-stop" && centre) {
    subject.circles.push({
      id: "stop",
      centre,
      radiusM: figure(detail["radius_m"], DEFAULTS.stop),
      name: "",
      kind: "stop",
    });
  }
  return subject;
}

function add(subject: Subject, feature: Feature<Geometry, Record<string, unknown> | null>, alert: AlertRow): void {
  const { geometry, properties } = feature;
  const id = String(feature.id);
  const name = String(properties?.["name"] ?? id);
  const kind = properties?.["kind"];
  const corridorM = figure(alert.detail["corridor_m"], figure(properties?.["corridor_m"], DEFAULTS.corridor));
  if (geometry.type === "LineString") {
    subject.routes.push({ line: points(geometry.coordinates), corridorM, name });
  } else if (geometry.type === "MultiLineString") {
    for (const line of geometry.coordinates) subject.routes.push({ line: points(line), corridorM, name });
  } else if (geometry.type === "Polygon") {
    subject.areas.push({ rings: geometry.coordinates.map(points), name });
  } else if (geometry.type === "MultiPolygon") {
    for (const part of geometry.coordinates) subject.areas.push({ rings: part.map(points), name });
  } else if (geometry.type === "Point") {
    const place = kind === "checkpoint" ? "checkpoint" : "post";
    const radiusM = figure(properties?.["radius_m"], DEFAULTS[place]);
    subject.circles.push({ id, centre: points([geometry.coordinates])[0]!, radiusM, name, kind: place });
  }
}
