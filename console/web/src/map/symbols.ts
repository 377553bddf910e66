/** Marker pictures, drawn on a canvas: an arrow is a car, a dot an officer; solid, hollow, dashed is its age. */
import type { Map as MapLibre } from "maplibre-gl";
import type { Age } from "@/domain/ageing";
import type { Theme } from "./theme";

const RATIO = 3;
/** Width and height, no wider than the shape and its casing: empty pixels of thousands of markers cost as well. */
const SIZE = { car: [18, 22], officer: [12, 12] } as const;
type Size = readonly [number, number];

export const iconName = (kind: "car" | "officer", age: Age): string => `${kind}-${age}`;

export function addSymbols(map: MapLibre, theme: Theme): void {
  for (const age of ["fresh", "late", "stale"] as const) {
    map.addImage(iconName("car", age), draw(SIZE.car, age, theme.car, theme, arrow), { pixelRatio: RATIO });
    map.addImage(iconName("officer", age), draw(SIZE.officer, age, theme.officer, theme, dot), { pixelRatio: RATIO });
  }
}

type Shape = (context: CanvasRenderingContext2D, size: Size) => void;

const arrow: Shape = (c, [w, h]) => {
  c.moveTo(w / 2, 2);
  c.lineTo(w - 1.8, h - 2);
  c.lineTo(w / 2, h - 5.8);
  c.lineTo(1.8, h - 2);
  c.closePath();
};

const dot: Shape = (c, [w, h]) => {
  c.arc(w / 2, h / 2, w / 2 - 1.9, 0, 2 * Math.PI);
};

function draw(size: Size, age: Age, colour: string, theme: Theme, shape: Shape): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = size[0] * RATIO;
  canvas.height = size[1] * RATIO;
  const c = canvas.getContext("2d", { willReadFrequently: true })!;
  c.scale(RATIO, RATIO);
  c.lineJoin = "round";
  c.beginPath();
  shape(c, size);
  // A casing in the colour of the ground keeps markers apart on roads.
  c.strokeStyle = theme.halo;
  c.lineWidth = 3.2;
  c.stroke();
  c.fillStyle = age === "fresh" ? colour : theme.halo;
  c.fill();
  if (age !== "fresh") {
    c.strokeStyle = age === "late" ? colour : theme.stale;
    c.lineWidth = 1.3;
    if (age === "stale") c.setLineDash([2, 1.8]);
    c.stroke();
  }
  return c.getImageData(0, 0, canvas.width, canvas.height);
}
