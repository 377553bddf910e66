/** Cars and officers that stand at a station are one badge with their numbers: a pile of markers tells nothing. */
import { Marker, type Map as MapLibre } from "maplibre-gl";
import type { Station } from "@/domain/places";
import { OFFICER, type Fleet } from "@/stores/fleet";
import type { Box } from "./label_places";

/** Within so far of a station one is at it. */
const AT_STATION_M = 350;
/** Closer than this the map has room for each of them. */
const UNFOLD_ZOOM = 13;
const LEAST = 2;
const METRES_PER_DEGREE = 111_320;
const BELOW_PX = 18;

interface Badge {
  station: Station;
  officers: number;
  cars: number;
  marker: Marker | null;
  element: HTMLElement;
}

export class StationBadges {
  private badges: Badge[] = [];
  private folded = new Set<number>();

  constructor(
    private readonly map: MapLibre,
    private readonly fleet: Fleet,
  ) {}

  setStations(stations: readonly Station[]): void {
    for (const { marker } of this.badges) marker?.remove();
    this.badges = stations.map((station) => ({
      station,
      officers: 0,
      cars: 0,
      marker: null,
      element: document.createElement("div"),
    }));
  }

  /** Who is part of a badge, and has no marker of their own. */
  has = (slot: number): boolean => this.folded.has(slot);

  refresh(now: number): void {
    this.folded = new Set();
    const unfolded = this.map.getZoom() >= UNFOLD_ZOOM;
    const members = this.badges.map((badge) => (unfolded ? [] : this.membersOf(badge.station, now)));
    this.badges.forEach((badge, i) => {
      const slots = members[i]!;
      const shown = slots.length >= LEAST;
      for (const slot of shown ? slots : []) this.folded.add(slot);
      const officers = slots.filter((slot) => this.fleet.kind(slot) === OFFICER).length;
      this.draw(badge, shown, officers, slots.length - officers);
    });
  }

  /** The boxes of the badges in the map's pane. */
  boxes(): Box[] {
    return this.badges.flatMap(({ marker, station, element }) => {
      if (!marker) return [];
      const { x, y } = this.map.project([station.at[0], station.at[1]]);
      const [w, h] = [element.offsetWidth / 2, element.offsetHeight];
      return [[x - w, y + BELOW_PX - h / 2, x + w, y + BELOW_PX + h / 2] as const];
    });
  }

  private membersOf({ at: [lon, lat] }: Station, now: number): number[] {
    const { fleet } = this;
    const perLon = METRES_PER_DEGREE * Math.cos((lat * Math.PI) / 180);
    const found: number[] = [];
    for (let i = 0; i < fleet.size; i++) {
      const x = (fleet.lon[i]! - lon) * perLon;
      const y = (fleet.lat[i]! - lat) * METRES_PER_DEGREE;
      if (x * x + y * y <= AT_STATION_M ** 2 && !this.folded.has(i) && !fleet.hidden(i, now)) found.push(i);
    }
    return found;
  }

  private draw(badge: Badge, shown: boolean, officers: number, cars: number): void {
    if (!shown) {
      badge.marker?.remove();
      badge.marker = null;
      return;
    }
    if (!badge.marker || badge.officers !== officers || badge.cars !== cars) fill(badge.element, officers, cars);
    Object.assign(badge, { officers, cars });
    badge.marker ??= new Marker({ element: badge.element, offset: [0, BELOW_PX] })
      .setLngLat([badge.station.at[0], badge.station.at[1]])
      .addTo(this.map);
  }
}

function fill(element: HTMLElement, officers: number, cars: number): void {
  element.classList.add("map-station");
  element.dataset["officers"] = String(officers);
  element.dataset["cars"] = String(cars);
  const part = (path: string, kind: string, n: number) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("class", kind);
    const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path");
    drawn.setAttribute("d", path);
    svg.append(drawn);
    const number = document.createElement("b");
    number.textContent = String(n);
    return [svg, number];
  };
  const dot = "M8 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z";
  const arrow = "M8 1 13 14.5 8 11.6 3 14.5Z";
  element.replaceChildren(
    ...(officers ? part(dot, "officer", officers) : []),
    ...(cars ? part(arrow, "car", cars) : []),
  );
}
