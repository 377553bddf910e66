/** What the wall's two panes are about: a red alert that still lasts holds the first until somebody acknowledges it; the
 * others take turns in the second, or in the first where it is free. */
import type { AlertRow } from "@/api/types";
import { isNew, isOngoing } from "./queue";

export const FOCUS_S = 15;
/** A new alert is shown at once, but none takes the place of another so soon, unless it is red: in a flood nobody could
 * read any. */
export const DWELL_S = 3;

export interface Spotlight {
  /** The red alert that holds the first pane; null while there is none. */
  held: string | null;
  /** Whose turn it is; null while nobody's. */
  id: string | null;
  untilS: number;
  /** Its place in the round, from 1, and how many are in it. */
  place: number;
  of: number;
  seen: ReadonlySet<string>;
}

export const dark: Spotlight = { held: null, id: null, untilS: 0, place: 0, of: 0, seen: new Set() };

/** `queue` is the open alerts in the queue's order. What is over takes no turn; what somebody has in hand takes one only
 * where nothing else waits. */
export function turn(before: Spotlight, queue: readonly AlertRow[], now: number): Spotlight {
  const ongoing = queue.filter(isOngoing);
  const held = ongoing.find((a) => a.grade === "A" && isNew(a))?.id ?? null;
  const others = ongoing.filter((a) => a.id !== held);
  const waiting = others.filter(isNew);
  const round = waiting.length ? waiting : others;

  const fresh = round.find((a) => isNew(a) && !before.seen.has(a.id));
  const at = round.findIndex((a) => a.id === before.id);
  const stays = at >= 0 && fresh?.grade !== "A" && now < before.untilS - FOCUS_S + DWELL_S;
  const lit = (alert: AlertRow | undefined, untilS: number): Spotlight => ({
    held,
    id: alert?.id ?? null,
    untilS: alert ? untilS : 0,
    place: alert ? round.indexOf(alert) + 1 : 0,
    of: round.length,
    seen: stays ? before.seen : new Set(queue.map((a) => a.id)),
  });
  if (fresh && !stays) return lit(fresh, now + FOCUS_S);
  if (at >= 0 && now < before.untilS) return lit(round[at], before.untilS);
  return lit(round[(at + 1) % round.length], now + FOCUS_S);
}
