/** The fleet as one source of the map: only what moved or aged since the last look is sent to it. */
import type { Feature, Point } from "geojson";
import type { GeoJSONSource, GeoJSONSourceDiff, Map as MapLibre } from "maplibre-gl";
import type { Basemap } from "@/api/types";
import { stationsOf } from "@/domain/places";
import { SILENT_AFTER_S } from "@/domain/presence";
import { ago } from "@/domain/words";
import { t } from "@/i18n";
import { OFFICER, type Fleet } from "@/stores/fleet";
import type { Box } from "./label_places";
import { StationBadges } from "./stations";
import { EMPTY, NAMES } from "./style";
import { addSymbols, iconName } from "./symbols";
import type { Theme } from "./theme";
import { typeScale } from "./type_scale";

const SOURCE = "fleet";

interface Shown {
  lon: number;
  lat: number;
  icon: string;
  label: string;
  turn: number;
}

const CHANGING = ["icon", "label", "turn"] as const;
/** A change is sent only when the one before is drawn, unless that takes longer than this: changes that overtake each
 * other on a busy machine would never be drawn at all. */
const DRAWN_WITHIN_MS = 5_000;

export class Markers {
  private readonly shown = new Map<number, Shown>();
  private readonly stations: StationBadges;
  private sentMs = -Infinity;
  private lastS = 0;

  constructor(
    private readonly map: MapLibre,
    private readonly fleet: Fleet,
    theme: Theme,
  ) {
    this.stations = new StationBadges(map, fleet);
    map.on("zoomend", () => this.stations.refresh(this.lastS));
    const larger = typeScale(map.getContainer());
    addSymbols(map, theme);
    // Few, large tiles: each update lays out every tile in view anew. At zoom 11 a tile still resolves 2 m.
    map.addSource(SOURCE, { type: "geojson", data: EMPTY, maxzoom: 11, buffer: 32, tolerance: 0 });
    map.addLayer({
      id: "fleet",
      type: "symbol",
      source: SOURCE,
      layout: {
        "icon-image": ["get", "icon"],
        "icon-rotate": ["get", "turn"],
        "icon-rotation-alignment": "map",
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.7 * larger, 12, larger, 16, 1.3 * larger],
      },
    }, NAMES);
    // Words apart from pictures: placing text is the dear part, and only stale positions carry any.
    map.addLayer({
      id: "fleet-age",
      type: "symbol",
      source: SOURCE,
      filter: ["!=", ["get", "label"], ""],
      layout: {
        "text-field": ["get", "label"],
        "text-size": 13 * larger,
        "text-anchor": "left",
        "text-offset": [1.1, 0],
      },
      paint: { "text-color": theme.stale, "text-halo-color": theme.halo, "text-halo-width": 1.5 },
    }, NAMES);
  }

  /** Where badges stand for who is there. */
  setBasemap(basemap: Basemap | null): void {
    this.stations.setStations(stationsOf(basemap));
  }

  /** What labels should leave free. */
  boxes(): Box[] {
    return this.stations.boxes();
  }

  /** How many markers are on the map; those in a badge are not. */
  get drawn(): number {
    return this.map.getSource(SOURCE) && this.map.isSourceLoaded(SOURCE) ? this.shown.size : 0;
  }

  /** Cheap enough to be called once a second with thousands of devices. */
  refresh(now: number): void {
    const { fleet } = this;
    this.lastS = now;
    this.stations.refresh(now);
    if (!this.map.isSourceLoaded(SOURCE) && performance.now() - this.sentMs < DRAWN_WITHIN_MS) return;
    const diff: Required<Pick<GeoJSONSourceDiff, "add" | "update" | "remove">> = { add: [], update: [], remove: [] };
    for (let i = 0; i < fleet.size; i++) {
      const before = this.shown.get(i);
      if (fleet.hidden(i, now) || this.stations.has(i)) {
        if (before) {
          this.shown.delete(i);
          diff.remove.push(i);
        }
        continue;
      }
      const next = this.look(i, now);
      if (before && same(before, next)) continue;
      this.shown.set(i, next);
      if (before) {
        diff.update.push({
          id: i,
          newGeometry: { type: "Point", coordinates: [next.lon, next.lat] },
          addOrUpdateProperties: CHANGING.filter((key) => before[key] !== next[key]).map((key) => ({
            key,
            value: next[key],
          })),
        });
      } else diff.add.push(feature(i, next));
    }
    if (diff.add.length || diff.update.length || diff.remove.length) {
      this.sentMs = performance.now();
      void this.map.getSource<GeoJSONSource>(SOURCE)?.updateData(diff);
    }
  }

  /** The device of the marker at a point of the screen. */
  deviceAt(point: { x: number; y: number }): string | null {
    const reach = 8;
    const found = this.map.queryRenderedFeatures(
      [
        [point.x - reach, point.y - reach],
        [point.x + reach, point.y + reach],
      ],
      { layers: ["fleet"] },
    )[0];
    return found?.id === undefined ? null : (this.fleet.who[Number(found.id)]?.device ?? null);
  }

  /** How old the place is; and that the device is heard all the same, where it is. */
  private staleness(i: number, now: number): string {
    const place = ago(Math.max(60, now - this.fleet.t[i]!));
    const heard = this.fleet.heard(i) > this.fleet.t[i]! && now - this.fleet.heard(i) <= SILENT_AFTER_S;
    return heard ? t("map.heard", { place }) : place;
  }

  private look(i: number, now: number): Shown {
    const { fleet } = this;
    const age = fleet.age(i, now);
    const officer = fleet.kind(i) === OFFICER;
    const [lon, lat] = fleet.at(i, now);
    return {
      lon,
      lat,
      icon: iconName(officer ? "officer" : "car", age),
      label: age === "stale" ? this.staleness(i, now) : "",
      turn: officer ? 0 : Math.round(fleet.heading[i]!),
    };
  }
}

const same = (a: Shown, b: Shown): boolean =>
  a.lon === b.lon && a.lat === b.lat && a.icon === b.icon && a.label === b.label && a.turn === b.turn;

function feature(id: number, { lon, lat, icon, label, turn }: Shown): Feature<Point> {
  return {
    type: "Feature",
    id,
    geometry: { type: "Point", coordinates: [lon, lat] },
    properties: { icon, label, turn },
  };
}
