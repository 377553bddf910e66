/** Where is that, in words: the nearest named road and place of the base map. */
import type { Basemap } from "@/api/types";
import type { Position } from "geojson";
import { Plane, type LonLat } from "./geometry";

const ROAD_WITHIN_M = 250;
const PLACE_WITHIN_M = 8_000;
/** A station is a place only to who stands at it. */
const STATION_WITHIN_M = 200;
const TOWN_HAS_STATION_WITHIN_M = 1_500;

export interface Station {
  name: string;
  at: LonLat;
}

/** Where people and cars gather: the stations, and the towns that have none near. */
export function stationsOf(basemap: Basemap | null): Station[] {
  const named = (kind: string): Station[] =>
    (basemap?.features ?? []).flatMap(({ geometry, properties }) =>
      geometry.type === "Point" && properties?.["place"] === kind
        ? [{ name: String(properties["name"] ?? ""), at: pair(geometry.coordinates) }]
        : [],
    );
  const stations = named("station");
  const alone = named("town").filter(
    ({ at }) => !stations.some((station) => new Plane(at).distance(at, station.at) < TOWN_HAS_STATION_WITHIN_M),
  );
  return [...stations, ...alone];
}

export class Gazetteer {
  private readonly roads: { name: string; line: LonLat[]; box: [number, number, number, number] }[] = [];
  private readonly places: { name: string; at: LonLat; withinM: number }[] = [];
  private readonly known = new Map<string, string>();

  constructor(basemap: Basemap | null) {
    for (const { geometry, properties } of basemap?.features ?? []) {
      const name = properties?.["name"];
      if (typeof name !== "string" || !name) continue;
      if (geometry.type === "Point") {
        const withinM = properties?.["place"] === "station" ? STATION_WITHIN_M : PLACE_WITHIN_M;
        this.places.push({ name, at: pair(geometry.coordinates), withinM });
      }
      if (geometry.type === "LineString" && properties?.["kind"] === "road") this.addRoad(name, geometry.coordinates);
    }
  }

  /** "杨湾镇 东环路"; empty when nothing named is near. */
  near(lon: number, lat: number): string {
    const key = `${lon.toFixed(4)},${lat.toFixed(4)}`;
    const found = this.known.get(key) ?? [this.place(lon, lat), this.road(lon, lat)].filter(Boolean).join(" ");
    if (this.known.size > 5_000) this.known.clear();
    this.known.set(key, found);
    return found;
  }

  private addRoad(name: string, coordinates: Position[]): void {
    const line = coordinates.map(pair);
    const [xs, ys] = [line.map((p) => p[0]), line.map((p) => p[1])];
    const margin = 0.003;
    this.roads.push({
      name,
      line,
      box: [Math.min(...xs) - margin, Math.min(...ys) - margin, Math.max(...xs) + margin, Math.max(...ys) + margin],
    });
  }

  private road(lon: number, lat: number): string {
    const plane = new Plane([lon, lat]);
    let best = { name: "", distance: ROAD_WITHIN_M };
    for (const { name, line, box } of this.roads) {
      if (lon < box[0] || lat < box[1] || lon > box[2] || lat > box[3]) continue;
      const distance = plane.toLine([lon, lat], line);
      if (distance < best.distance) best = { name, distance };
    }
    return best.name;
  }

  private place(lon: number, lat: number): string {
    const plane = new Plane([lon, lat]);
    let best = { name: "", distance: PLACE_WITHIN_M };
    for (const { name, at, withinM } of this.places) {
      const distance = plane.distance([lon, lat], at);
      if (distance < Math.min(withinM, best.distance)) best = { name, distance };
    }
    return best.name;
  }
}

const pair = (p: Position): LonLat => [p[0] ?? 0, p[1] ?? 0];
