/** Whose turn it is on the wall's map: the newest open alert at once, then each in its turn, the whole county between. */
import type { AlertRow } from "@/api/types";

export const FOCUS_S = 10;
export const OVERVIEW_S = 14;

export interface Spotlight {
  /** The alert in focus; null is the whole county. */
  id: string | null;
  untilS: number;
  seen: ReadonlySet<string>;
  /** The last one that had its turn. */
  last: string | null;
}

export const dark: Spotlight = { id: null, untilS: 0, seen: new Set(), last: null };

/** `queue` is the open alerts in the queue's order. */
export function turn(before: Spotlight, queue: readonly AlertRow[], now: number): Spotlight {
  const seen = new Set(queue.map((a) => a.id));
  const fresh = queue.find((a) => a.state === "NEW" && !before.seen.has(a.id));
  if (fresh && before.seen.size) return { id: fresh.id, untilS: now + FOCUS_S, seen, last: fresh.id };
  const gone = before.id !== null && !seen.has(before.id);
  if (!gone && now < before.untilS) return { ...before, seen };
  if (before.id !== null || !queue.length) return { ...before, id: null, untilS: now + OVERVIEW_S, seen };
  const waiting = queue.filter((a) => a.state === "NEW");
  const round = waiting.length ? waiting : queue;
  const at = round.findIndex((a) => a.id === before.last);
  const next = round[(at + 1) % round.length]!;
  return { id: next.id, untilS: now + FOCUS_S, seen, last: next.id };
}
