/** What the screen says of gaps and spans. */
import type { Spot } from "@/domain/recording";
import { clockTime, date } from "@/domain/time";
import { known, t } from "@/i18n";
import { now } from "@/stores/clock";

/** Why there is no picture. */
export function reasonOf({ kind, reason }: Pick<Spot, "kind" | "reason">): string {
  return kind === "gap" ? known(`gap.${reason}`, reason ?? "") : t("evidence.not_recorded");
}

/** To the second: "20:49:04" today, "01-04 20:49:04" on another day. */
export const stamp = (s: number): string =>
  date(s) === date(now.value) ? clockTime(s) : `${date(s).slice(5)} ${clockTime(s)}`;

const told = (s: number | null): string => (s === null ? t("evidence.unknown_time") : stamp(s));

/** Nothing, where neither end is known. */
export const fromTo = (from: number | null, to: number | null): string =>
  from === null && to === null ? "" : t("evidence.from_to", { from: told(from), to: told(to) });
