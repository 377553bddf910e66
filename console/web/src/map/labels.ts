/** Two-line labels beside what they speak of: ordinary elements, so that text is as sharp as the rest of the page. */
import { Marker, type Map as MapLibre } from "maplibre-gl";
import type { Grade } from "@/api/types";

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
}

const SIGNS: Record<Grade, string> = {
  A: "M8 1.5 15 14H1Z",
  B: "M8 .8 15.2 8 8 15.2.8 8Z",
  C: "M8 1.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13Z",
};

type Side = "right" | "left" | "above" | "below";
const SIDES: readonly Side[] = ["right", "left", "above", "below"];
type Box = readonly [number, number, number, number];
const GAP = 20;

interface Placed {
  marker: Marker;
  element: HTMLElement;
  text: string;
  size: [number, number];
}

export class Labels {
  private readonly placed = new Map<string, Placed>();
  private current: readonly Label[] = [];

  constructor(
    private readonly map: MapLibre,
    private readonly choose: (id: string) => void,
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
    const text = [label.grade, label.title, label.line, label.pulse, label.ring, label.focus].join("\n");
    if (known?.text !== text) fill(element, label);
    if (known) {
      known.marker.setLngLat([label.lon, label.lat]);
      if (known.text !== text) Object.assign(known, { text, size: sizeOf(element) });
      return;
    }
    element.addEventListener("click", () => this.choose(label.id));
    const marker = new Marker({ element }).setLngLat([label.lon, label.lat]).addTo(this.map);
    this.placed.set(label.id, { marker, element, text, size: sizeOf(element) });
  }

  /** The graver label takes the better place; one that fits nowhere keeps only its ring. */
  private arrange(): void {
    const taken: Box[] = [];
    const rings = this.current.map(({ id, lon, lat }) => ({ id, box: ringAt(this.map.project([lon, lat])) }));
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    for (const { id, lon, lat } of this.current) {
      const placed = this.placed.get(id);
      if (!placed) continue;
      const { x, y } = this.map.project([lon, lat]);
      const others = rings.filter((ring) => ring.id !== id).map((ring) => ring.box);
      const free = (avoid: readonly Box[]) =>
        SIDES.find((s) => {
          const box = boxAt(x, y, placed.size, s);
          const inside = box[0] > 4 && box[1] > 4 && box[2] < width - 4 && box[3] < height - 4;
          return inside && !avoid.some((other) => overlap(box, other));
        });
      const side = free([...taken, ...others]) ?? free(taken);
      placed.element.dataset["side"] = side ?? "none";
      if (side) taken.push(boxAt(x, y, placed.size, side));
    }
  }
}

function fill(element: HTMLElement, { grade, title, line, pulse, ring, focus = false }: Label): void {
  element.classList.add("map-label");
  element.dataset["grade"] = grade;
  element.toggleAttribute("data-pulse", pulse);
  element.toggleAttribute("data-ring", ring);
  element.toggleAttribute("data-focus", focus);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SIGNS[grade]);
  svg.append(path);
  const [box, words, strong, small] = ["div", "div", "b", "span"].map((tag) => document.createElement(tag));
  box!.className = "map-label-box";
  strong!.textContent = title;
  small!.textContent = line;
  words!.append(strong!, small!);
  box!.append(svg, words!);
  element.replaceChildren(box!);
}

function sizeOf(element: HTMLElement): [number, number] {
  const box = element.querySelector<HTMLElement>(".map-label-box");
  return [box?.offsetWidth || 180, box?.offsetHeight || 44];
}

const ringAt = ({ x, y }: { x: number; y: number }): Box => [x - GAP, y - GAP, x + GAP, y + GAP];

function boxAt(x: number, y: number, [w, h]: [number, number], side: Side): Box {
  const [left, top] = {
    right: [x + GAP, y - h / 2],
    left: [x - GAP - w, y - h / 2],
    above: [x - w / 2, y - GAP - h],
    below: [x - w / 2, y + GAP],
  }[side] as [number, number];
  return [left, top, left + w, top + h];
}

const overlap = (a: readonly number[], b: readonly number[]): boolean =>
  a[0]! < b[2]! && b[0]! < a[2]! && a[1]! < b[3]! && b[1]! < a[3]!;
