/** Two-line labels beside what they speak of: ordinary elements, so that text is as sharp as the rest of the page. A label
 * keeps its place beside its subject for as long as it is free, and a line leads from it to the subject. */
import { Marker, type Map as MapLibre } from "maplibre-gl";
import type { Grade } from "@/api/types";
import { placeLabels, type Box, type Spot } from "./label_places";

export interface Label {
  id: string;
  lon: number;
  lat: number;
  grade: Grade;
  title: string;
  line: string;
  pulse: boolean;
  /** Draw the ring around the place. */
  ring: boolean;
  /** The one that is being explained. */
  focus?: boolean;
  /** What it speaks of is over: a hollow sign. */
  over?: boolean;
}

const SIGNS: Record<Grade, string> = {
  A: "M8 1.5 15 14H1Z",
  B: "M8 .8 15.2 8 8 15.2.8 8Z",
  C: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Z",
};

interface Placed {
  marker: Marker;
  element: HTMLElement;
  text: string;
  size: [number, number];
  spot: Spot | null;
}

export class Labels {
  private readonly placed = new Map<string, Placed>();
  private current: readonly Label[] = [];

  /** `obstacles`: boxes of the map's pane that labels should leave free, where they can. */
  constructor(
    private readonly map: MapLibre,
    private readonly choose: (id: string) => void,
    private readonly obstacles: () => readonly Box[] = () => [],
  ) {
    map.on("moveend", () => this.arrange());
    map.on("resize", () => this.arrange());
  }

  show(labels: readonly Label[]): void {
    this.current = labels;
    const wanted = new Set(labels.map((l) => l.id));
    for (const [id, { marker }] of this.placed) {
      if (wanted.has(id)) continue;
      marker.remove();
      this.placed.delete(id);
    }
    for (const label of labels) this.put(label);
    this.arrange();
  }

  private put(label: Label): void {
    const known = this.placed.get(label.id);
    const element = known?.element ?? document.createElement("div");
    const text = [label.grade, label.title, label.line, label.pulse, label.ring, label.focus, label.over].join("\n");
    if (known?.text !== text) fill(element, label);
    if (known) {
      known.marker.setLngLat([label.lon, label.lat]);
      if (known.text !== text) Object.assign(known, { text, size: sizeOf(element) });
      return;
    }
    element.addEventListener("click", () => this.choose(label.id));
    const marker = new Marker({ element }).setLngLat([label.lon, label.lat]).addTo(this.map);
    this.placed.set(label.id, { marker, element, text, size: sizeOf(element), spot: null });
  }

  private arrange(): void {
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    const all = this.current.flatMap((label) => {
      const placed = this.placed.get(label.id);
      const { x, y } = this.map.project([label.lon, label.lat]);
      return placed ? [{ id: label.id, x, y, size: placed.size, spot: placed.spot }] : [];
    });
    const spots = placeLabels(all, [width, height], this.obstacles());
    for (const { id } of all) {
      const placed = this.placed.get(id)!;
      placed.spot = spots.get(id) ?? null;
      lay(placed.element, placed.spot, placed.size);
    }
  }
}

function fill(element: HTMLElement, { grade, title, line, pulse, ring, focus = false, over = false }: Label): void {
  element.classList.add("map-label");
  element.dataset["grade"] = grade;
  element.toggleAttribute("data-pulse", pulse);
  element.toggleAttribute("data-ring", ring);
  element.toggleAttribute("data-focus", focus);
  element.toggleAttribute("data-over", over);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SIGNS[grade]);
  svg.append(path);
  const [leader, box, words, strong, small] = ["i", "div", "div", "b", "span"].map((tag) => document.createElement(tag));
  leader!.className = "map-label-leader";
  box!.className = "map-label-box";
  strong!.textContent = title;
  small!.textContent = line;
  words!.append(strong!, small!);
  box!.append(svg, words!);
  element.replaceChildren(leader!, box!);
}

/** Puts the box where it belongs, and the line from the subject's ring to the nearest point of the box. */
function lay(element: HTMLElement, spot: Spot | null, [w, h]: [number, number]): void {
  const box = element.querySelector<HTMLElement>(".map-label-box");
  const leader = element.querySelector<HTMLElement>(".map-label-leader");
  if (!box || !leader) return;
  element.dataset["side"] = spot?.side ?? "none";
  if (!spot) return;
  box.style.left = `${spot.left}px`;
  box.style.top = `${spot.top}px`;
  const x = Math.min(Math.max(0, spot.left), spot.left + w);
  const y = Math.min(Math.max(0, spot.top), spot.top + h);
  leader.style.width = `${Math.hypot(x, y)}px`;
  leader.style.transform = `rotate(${Math.atan2(y, x)}rad)`;
}

function sizeOf(element: HTMLElement): [number, number] {
  const box = element.querySelector<HTMLElement>(".map-label-box");
  return [box?.offsetWidth || 180, box?.offsetHeight || 44];
}
