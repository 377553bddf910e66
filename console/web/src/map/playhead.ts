/** The arrow where the play head is, turned the way the track goes there. */
import { Marker, type Map as MapLibre } from "maplibre-gl";
import type { Grade, Track } from "@/api/types";
import { bearing, type LonLat } from "@/domain/geometry";

export interface Head {
  track: Track;
  at: LonLat;
  index: number;
  /** The grade of the alert being looked at; none outside one. */
  grade: Grade | null;
}

export class PlayHead {
  private marker: Marker | undefined;
  private readonly path = document.createElementNS("http://www.w3.org/2000/svg", "path");

  constructor(private readonly map: MapLibre) {}

  show(head: Head | null): void {
    if (!head) {
      this.marker?.remove();
      this.marker = undefined;
      return;
    }
    this.marker ??= this.create();
    this.marker.setLngLat([head.at[0], head.at[1]]).setRotation(direction(head));
    this.path.setAttribute("class", `playhead ${head.grade ?? ""}`);
  }

  private create(): Marker {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("width", "26");
    svg.setAttribute("height", "26");
    this.path.setAttribute("d", "M12 2 19.5 21 12 16.8 4.5 21Z");
    svg.append(this.path);
    const element = document.createElement("div");
    element.append(svg);
    return new Marker({ element, rotationAlignment: "map" }).setLngLat([0, 0]).addTo(this.map);
  }
}

/** From the last fix that is some way off: a standing car keeps the direction it came from. */
function direction({ track, at, index }: Head): number {
  for (let i = index; i >= Math.max(0, index - 40); i--) {
    const from: LonLat = [track.lon[i]!, track.lat[i]!];
    if (Math.hypot(at[0] - from[0], at[1] - from[1]) > 1e-4) return bearing(from, at);
  }
  return 0;
}
