/** The order of the queue, when an alert escalates, and how a flood folds without losing one. */
import type { AlertRow, AlertState, Grade } from "@/api/types";
import { seconds } from "./time";

export const OPEN_STATES: readonly AlertState[] = ["NEW", "ACKED", "DISPATCHED", "EXPLAINED"];
const RANK: Record<Grade, number> = { A: 0, B: 1, C: 2 };

export const isOpen = (a: AlertRow): boolean => OPEN_STATES.includes(a.state) && !a.withdrawn;
export const isShelved = (a: AlertRow): boolean => a.state === "SHELVED" && !a.withdrawn;
export const raisedAt = (a: AlertRow): number => seconds(a.raised_at) ?? seconds(a.from) ?? 0;

/** A before B before C; what nobody has acknowledged first; then the oldest. */
export function compare(a: AlertRow, b: AlertRow): number {
  return (
    RANK[a.grade] - RANK[b.grade] ||
    Number(a.state !== "NEW") - Number(b.state !== "NEW") ||
    raisedAt(a) - raisedAt(b) ||
    a.id.localeCompare(b.id)
  );
}

/** Seconds until the next escalation as the server counts it, 0 when it is due; null when there is none to come. */
export function escalatesIn(a: AlertRow, now: number): number | null {
  const at = seconds(a.escalates_at);
  return at === null ? null : Math.max(0, at - now);
}

export interface Card {
  alert: AlertRow;
  /** Alerts of the same rule and unit that this card stands for, itself included. */
  folded: AlertRow[];
}

export const FLOOD_COUNT = 10;
export const FLOOD_WINDOW_S = 600;

/** Ten or more in ten minutes fold by (rule, unit); red never folds. */
export function fold(queue: readonly AlertRow[], now: number): Card[] {
  const recent = queue.filter((a) => now - raisedAt(a) <= FLOOD_WINDOW_S).length;
  if (recent < FLOOD_COUNT) return queue.map((alert) => ({ alert, folded: [alert] }));
  const cards: Card[] = [];
  const groups = new Map<string, Card>();
  for (const alert of queue) {
    const key = `${alert.rule}\n${alert.unit ?? ""}`;
    const group = groups.get(key);
    if (alert.grade !== "A" && group) {
      group.folded.push(alert);
      continue;
    }
    const card: Card = { alert, folded: [alert] };
    cards.push(card);
    if (alert.grade !== "A") groups.set(key, card);
  }
  return cards;
}

/** How many alerts were raised in each of the last `hours` hours, oldest first. */
export function perHour(alerts: Iterable<AlertRow>, now: number, hours: number): number[] {
  const counts = new Array<number>(hours).fill(0);
  for (const a of alerts) {
    const back = Math.floor((now - raisedAt(a)) / 3600);
    if (back >= 0 && back < hours) counts[hours - 1 - back]! += 1;
  }
  return counts;
}
