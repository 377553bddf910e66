/** Where the names of towns stand in the map's pane, so that labels leave them free. */
import type { Map as MapLibre } from "maplibre-gl";
import type { Basemap } from "@/api/types";
import type { Box } from "./label_places";
import { TOWN_PX } from "./style";
import { typeScale } from "./type_scale";

const LETTER = 1.14;

export function townBoxes(map: MapLibre, basemap: Basemap | null): Box[] {
  const high = TOWN_PX.near * typeScale(map.getContainer());
  return (basemap?.features ?? []).flatMap(({ geometry, properties }) => {
    if (geometry.type !== "Point" || properties?.["place"] !== "town") return [];
    const [lon, lat] = geometry.coordinates as [number, number];
    const { x, y } = map.project([lon, lat]);
    const width = (String(properties["name"] ?? "").length * high * LETTER) / 2;
    return [[x - width, y - high * 1.3, x + width, y] as const];
  });
}
