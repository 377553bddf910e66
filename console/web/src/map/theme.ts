/** The two palettes of the map; the same tokens as `styles/tokens.css`, which the canvas cannot read. */
export interface Theme {
  land: string;
  road: string;
  casing: string;
  street: string;
  water: string;
  builtup: string;
  boundary: string;
  text: string;
  town: string;
  halo: string;
  plan: string;
  route: string;
  track: string;
  car: string;
  officer: string;
  stale: string;
  grade: Record<"A" | "B" | "C", string>;
  corridorOpacity: number;
  corridor: "grade" | "route";
}

export const dark: Theme = {
  land: "#10171f",
  road: "#354656",
  casing: "#0c1117",
  street: "#232f3b",
  water: "#153247",
  builtup: "#131c25",
  boundary: "#40505f",
  text: "#8b98a5",
  town: "#c3ced9",
  halo: "#10171f",
  plan: "#2c3d4d",
  route: "#cfd9e2",
  track: "#e8eef4",
  car: "#cfe3f7",
  officer: "#8fb4d8",
  stale: "#8b98a5",
  grade: { A: "#ff4d4f", B: "#ff9f1a", C: "#ffd84d" },
  corridorOpacity: 0.2,
  corridor: "grade",
};

export const light: Theme = {
  land: "#f3f5f2",
  road: "#ffffff",
  casing: "#cdd4d8",
  street: "#ffffff",
  water: "#cfe3f0",
  builtup: "#eaedea",
  boundary: "#aab4bc",
  text: "#66727e",
  town: "#1f2933",
  halo: "#f3f5f2",
  plan: "#b9c6d3",
  route: "#2563eb",
  track: "#334155",
  car: "#334155",
  officer: "#334155",
  stale: "#7b8794",
  grade: { A: "#c81e2b", B: "#d97706", C: "#b58900" },
  corridorOpacity: 0.14,
  corridor: "route",
};

/** `part` of the colour over the ground, as an opaque colour; both as #rrggbb. */
export function mixed(colour: string, ground: string, part: number): string {
  const channel = (hex: string, i: number) => parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
  const mix = (i: number) => Math.round(part * channel(colour, i) + (1 - part) * channel(ground, i));
  return `#${[0, 1, 2].map((i) => mix(i).toString(16).padStart(2, "0")).join("")}`;
}
