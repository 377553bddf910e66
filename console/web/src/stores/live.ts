/** Joins the page to the server: load everything, listen, and load again whenever the stream was away. */
import { listen } from "@/api/events";
import { loadAlerts, takeAlert } from "./alerts";
import { loadCameras, takeCamera } from "./cameras";
import { startClock } from "./clock";
import { heard, watchConnection } from "./connection";
import { loadCounty } from "./county";
import { loadPositions, refreshPositions, takePositions } from "./positions";
import { roomsChanged } from "./rooms";
import { loadSystem, takeSystem } from "./system";
import { startSound } from "./sound";

const RETRY_MS = 3_000;

export function goLive(): () => void {
  let retry: ReturnType<typeof setTimeout> | undefined;
  const load = async () => {
    clearTimeout(retry);
    const results = await Promise.allSettled([loadSystem(), loadCounty(), loadPositions(), loadAlerts(), loadCameras()]);
    if (results.some((r) => r.status === "rejected")) retry = setTimeout(() => void load(), RETRY_MS);
  };
  const stops = [
    startClock(),
    watchConnection(),
    refreshPositions(),
    startSound(),
    listen({
      opened: () => void load(),
      heard,
      alert: takeAlert,
      positions: takePositions,
      stream: takeCamera,
      rooms: roomsChanged,
      system: takeSystem,
    }),
  ];
  return () => {
    clearTimeout(retry);
    for (const stop of stops) stop();
  };
}
