/** The three that would be at an alert first, of those whose position is fresh; as they are when it is asked. */
import type { AlertRow } from "@/api/types";
import { placeOf } from "@/domain/geometry";
import { nearest, type Placed } from "@/domain/nearest";
import { metres } from "@/domain/words";
import { t } from "@/i18n";
import { who } from "@/parts/alertWords";
import { cameraOf } from "@/stores/cameras";
import { nowExactly } from "@/stores/clock";
import { fleet } from "@/stores/positions";

const SHOWN = 3;
const MOBILE: readonly string[] = ["car", "officer"];

export interface NearUnit {
  device: string;
  /** As it is offered, and as it is written down. */
  words: string;
  record: string;
}

export function useNearest(alert: AlertRow): NearUnit[] & { isNowhere: boolean } {
  const camera = cameraOf(alert.device);
  const place = placeOf(alert) ?? (camera && placeOf(camera)) ?? null;
  const now = nowExactly();
  const units = fleet.who.flatMap<Placed>(({ device, kind }, slot) =>
    MOBILE.includes(kind) && device !== alert.device && fleet.age(slot, now) === "fresh"
      ? [{ device, kind, at: [fleet.lon[slot]!, fleet.lat[slot]!] }]
      : [],
  );
  const near = (place ? nearest(units, place, SHOWN) : []).map(({ device, distanceM, minutes }) => {
    const values = { who: who(device), distance: metres(distanceM), n: minutes };
    return { device, words: t("form.unit", values), record: t("form.sent", values) };
  });
  return Object.assign(near, { isNowhere: place === null });
}
