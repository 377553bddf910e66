/** The base map as it comes, with one way of saying what a feature is: `kind`, and `class` for roads. */
import type { Feature, Geometry } from "geojson";
import type { Basemap } from "@/api/types";

const ROADS = new Set(["highway", "primary", "secondary", "street"]);
const KINDS = new Set(["road", "water", "builtup", "place", "boundary"]);

export function normalise(map: Basemap): Basemap {
  return { type: "FeatureCollection", features: map.features.map(kinded) };
}

function kinded(feature: Feature<Geometry, Record<string, unknown> | null>): Basemap["features"][number] {
  const p = feature.properties ?? {};
  const words = [p["kind"], p["class"], p["layer"], p["type"]].map(String);
  const road = words.find((word) => ROADS.has(word));
  const kind = road ? "road" : (words.find((word) => KINDS.has(word)) ?? byGeometry(feature.geometry));
  return { ...feature, properties: { ...p, kind, class: road ?? p["class"] ?? null } };
}

function byGeometry(geometry: Geometry): string {
  if (geometry.type === "Point") return "place";
  return geometry.type.endsWith("LineString") ? "road" : "builtup";
}

/** The box everything lies in: [west, south, east, north]; null when there is nothing. */
export function boxOf(...maps: (Basemap | null)[]): [number, number, number, number] | null {
  const box: [number, number, number, number] = [180, 90, -180, -90];
  const take = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    const [x, y] = value as unknown[];
    if (typeof x === "number" && typeof y === "number") {
      box[0] = Math.min(box[0], x);
      box[1] = Math.min(box[1], y);
      box[2] = Math.max(box[2], x);
      box[3] = Math.max(box[3], y);
    } else value.forEach(take);
  };
  for (const map of maps) {
    for (const { geometry } of map?.features ?? []) if ("coordinates" in geometry) take(geometry.coordinates);
  }
  return box[0] < box[2] && box[1] < box[3] ? box : null;
}
