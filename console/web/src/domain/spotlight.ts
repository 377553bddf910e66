/** Whose turn it is in the wall's focus: the newest open alert at once, then each in its turn. */
import type { AlertRow } from "@/api/types";

export const FOCUS_S = 15;

export interface Spotlight {
  /** The alert in focus; null while none is open. */
  id: string | null;
  untilS: number;
  seen: ReadonlySet<string>;
}

export const dark: Spotlight = { id: null, untilS: 0, seen: new Set() };

/** `queue` is the open alerts in the queue's order. Those that somebody has in hand take turns only when all are. */
export function turn(before: Spotlight, queue: readonly AlertRow[], now: number): Spotlight {
  const seen = new Set(queue.map((a) => a.id));
  const lit = (id: string): Spotlight => ({ id, untilS: now + FOCUS_S, seen });
  const fresh = queue.find((a) => a.state === "NEW" && !before.seen.has(a.id));
  if (fresh) return lit(fresh.id);
  if (before.id !== null && seen.has(before.id) && now < before.untilS) return { ...before, seen };
  const waiting = queue.filter((a) => a.state === "NEW");
  const round = waiting.length ? waiting : queue;
  const next = round[(round.findIndex((a) => a.id === before.id) + 1) % round.length];
  return next ? lit(next.id) : { ...dark, seen };
}
