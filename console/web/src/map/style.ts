/** The base map's style: local GeoJSON only, no glyph server, no sprite, no tile leaves the machine. */
import type { ExpressionSpecification, StyleSpecification } from "maplibre-gl";
import type { FeatureCollection } from "geojson";
import type { Basemap, PlanDocument } from "@/api/types";
import type { Theme } from "./theme";

export const FONTS = '"Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif';
/** What is drawn on the map goes under its names: this is the lowest of them. */
export const NAMES = "road-name";
/** A band on the ground goes under the streets. */
export const STREETS = "street";
export const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };

/** The size of a town's name at the scale of a county, and of a street. */
export const TOWN_PX = { far: 17, near: 22 };

const WIDTHS: Record<string, number> = { highway: 6, primary: 4.6, secondary: 3.4, street: 1.2 };

const width = (extra: number): ExpressionSpecification => {
  const at = (scale: number): ExpressionSpecification => [
    "match",
    ["get", "class"],
    "highway",
    WIDTHS["highway"]! * scale + extra,
    "primary",
    WIDTHS["primary"]! * scale + extra,
    "secondary",
    WIDTHS["secondary"]! * scale + extra,
    WIDTHS["street"]! * scale + extra,
  ];
  return ["interpolate", ["exponential", 1.5], ["zoom"], 9, at(0.7), 12, at(1.1), 15, at(2.6), 18, at(7)];
};

const kind = (name: string): ExpressionSpecification => ["==", ["get", "kind"], name];
const street: ExpressionSpecification = ["==", ["get", "class"], "street"];

/** `larger`: by how much names and signs are larger than on a desk's screen. */
export function styleOf(theme: Theme, basemap: Basemap | null, plan: PlanDocument | null, larger: number): StyleSpecification {
  const line = { "line-cap": "round", "line-join": "round" } as const;
  return {
    version: 8,
    sources: {
      basemap: { type: "geojson", data: basemap ?? EMPTY, tolerance: 0.2 },
      plan: { type: "geojson", data: plan ?? EMPTY, tolerance: 0.2 },
    },
    layers: [
      { id: "land", type: "background", paint: { "background-color": theme.land } },
      { id: "builtup", type: "fill", source: "basemap", filter: kind("builtup"), paint: { "fill-color": theme.builtup } },
      {
        id: "water",
        type: "fill",
        source: "basemap",
        filter: ["all", kind("water"), ["==", ["geometry-type"], "Polygon"]],
        paint: { "fill-color": theme.water },
      },
      {
        id: "river",
        type: "line",
        source: "basemap",
        filter: ["all", kind("water"), ["==", ["geometry-type"], "LineString"]],
        layout: line,
        paint: {
          "line-color": theme.water,
          "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 9, 5, 12, 10, 16, 60],
        },
      },
      {
        id: "boundary",
        type: "line",
        source: "basemap",
        filter: kind("boundary"),
        paint: { "line-color": theme.boundary, "line-width": 1, "line-dasharray": [5, 4] },
      },
      {
        id: "street",
        type: "line",
        source: "basemap",
        filter: ["all", kind("road"), street],
        layout: line,
        paint: { "line-color": theme.street, "line-width": width(0) },
      },
      {
        id: "road-casing",
        type: "line",
        source: "basemap",
        filter: ["all", kind("road"), ["!", street]],
        layout: line,
        paint: { "line-color": theme.casing, "line-width": width(2) },
      },
      {
        id: "road",
        type: "line",
        source: "basemap",
        filter: ["all", kind("road"), ["!", street]],
        layout: line,
        paint: { "line-color": theme.road, "line-width": width(0) },
      },
      {
        id: "plan-area",
        type: "line",
        source: "plan",
        filter: kind("area"),
        paint: { "line-color": theme.plan, "line-width": 1, "line-dasharray": [2, 3] },
      },
      {
        id: "road-name",
        type: "symbol",
        source: "basemap",
        filter: ["all", kind("road"), ["has", "name"]],
        minzoom: 12,
        layout: {
          "symbol-placement": "line",
          "text-field": ["get", "name"],
          "text-size": 12 * larger,
          "symbol-spacing": 420,
          "text-max-angle": 30,
        },
        paint: { "text-color": theme.text, "text-halo-color": theme.halo, "text-halo-width": 1.5 },
      },
      {
        id: "place-small",
        type: "symbol",
        source: "basemap",
        filter: ["all", kind("place"), ["in", ["get", "place"], ["literal", ["village", "station"]]]],
        minzoom: 11.5,
        layout: { "text-field": ["get", "name"], "text-size": 13 * larger },
        paint: { "text-color": theme.text, "text-halo-color": theme.halo, "text-halo-width": 1.5 },
      },
      {
        id: "place",
        type: "symbol",
        source: "basemap",
        filter: ["all", kind("place"), ["!", ["in", ["get", "place"], ["literal", ["village", "station"]]]]],
        layout: {
          "text-field": ["get", "name"],
          "text-size": ["interpolate", ["linear"], ["zoom"], 9, TOWN_PX.far * larger, 13, TOWN_PX.near * larger],
          "text-letter-spacing": 0.12,
          "text-anchor": "bottom",
          "text-allow-overlap": true,
        },
        paint: { "text-color": theme.town, "text-halo-color": theme.halo, "text-halo-width": 2.5 },
      },
    ],
  };
}
