/** The order of the queue, when an alert escalates, which alerts share a card, and how a flood folds without losing one. */
import type { AlertRow, AlertState, Grade } from "@/api/types";
import { seconds } from "./time";

export const OPEN_STATES: readonly AlertState[] = ["NEW", "ACKED", "DISPATCHED", "EXPLAINED"];
const RANK: Record<Grade, number> = { A: 0, B: 1, C: 2 };

export const isOpen = (a: AlertRow): boolean => OPEN_STATES.includes(a.state) && !a.withdrawn;
export const isShelved = (a: AlertRow): boolean => a.state === "SHELVED" && !a.withdrawn;
export const raisedAt = (a: AlertRow): number => seconds(a.raised_at) ?? seconds(a.from) ?? 0;
/** When it last called for attention: it was raised, it went a level up unacknowledged, or its grade rose. */
export const roseAt = (a: AlertRow): number => Math.max(raisedAt(a), seconds(a.escalated_at) ?? 0);

/** Whether what it speaks of still lasts; the rest is over, and only waits for somebody to look at it. */
export const isOngoing = (a: AlertRow): boolean => a.to === null;
export const isNew = (a: AlertRow): boolean => a.state === "NEW" && !a.withdrawn;

/** What still lasts before what is over; A before B before C; what nobody has acknowledged first; then what rose last. */
export function compare(a: AlertRow, b: AlertRow): number {
  return (
    Number(!isOngoing(a)) - Number(!isOngoing(b)) ||
    RANK[a.grade] - RANK[b.grade] ||
    Number(!isNew(a)) - Number(!isNew(b)) ||
    roseAt(b) - roseAt(a) ||
    a.id.localeCompare(b.id)
  );
}

/** Seconds until the next escalation as the server counts it, 0 when it is due; null when there is none to come. */
export function escalatesIn(a: AlertRow, now: number): number | null {
  const at = seconds(a.escalates_at);
  return at === null ? null : Math.max(0, at - now);
}

export interface Card {
  /** The first of them in the queue's order; the card is about it. */
  alert: AlertRow;
  /** All that this card stands for, itself included, in the queue's order. */
  folded: AlertRow[];
  /** The newest of them. */
  newest: AlertRow;
}

export const FLOOD_COUNT = 10;
export const FLOOD_WINDOW_S = 600;
export const CARDS_MAX = 10;

type Key = (a: AlertRow) => string;
const ofSubject: Key = (a) => `${a.rule}\n${a.device}`;
/** Coarser and coarser; red alerts keep cards of their own until the last two. */
const FLOOD_KEYS: readonly Key[] = [
  (a) => (a.grade === "A" ? ofSubject(a) : `${a.rule}\n${a.unit ?? ""}`),
  (a) => (a.grade === "A" ? ofSubject(a) : a.rule),
  (a) => a.rule,
  (a) => a.grade,
];

export const isFlood = (queue: readonly AlertRow[], now: number): boolean =>
  queue.filter((a) => now - raisedAt(a) <= FLOOD_WINDOW_S).length >= FLOOD_COUNT;

/** One card a rule and subject. Ten alerts or more in ten minutes are a flood: they fold further, until ten cards hold
 * them all. `queue` is in its order, and so are the cards. */
export function fold(queue: readonly AlertRow[], now: number): Card[] {
  const cards = grouped(queue, ofSubject);
  if (!isFlood(queue, now)) return cards;
  return [ofSubject, ...FLOOD_KEYS].reduce((best, key) => (best.length <= CARDS_MAX ? best : grouped(queue, key)), cards);
}

function grouped(queue: readonly AlertRow[], key: Key): Card[] {
  const cards = new Map<string, Card>();
  for (const alert of queue) {
    const card = cards.get(key(alert));
    if (!card) cards.set(key(alert), { alert, folded: [alert], newest: alert });
    else {
      card.folded.push(alert);
      if (raisedAt(alert) > raisedAt(card.newest)) card.newest = alert;
    }
  }
  return [...cards.values()];
}

/** The alert raised last; undefined where there is none. */
export const newestOf = (queue: readonly AlertRow[]): AlertRow | undefined =>
  queue.reduce<AlertRow | undefined>((best, a) => (best && raisedAt(best) >= raisedAt(a) ? best : a), undefined);

/** How many alerts were raised in each of the last `hours` hours, oldest first. */
export function perHour(alerts: Iterable<AlertRow>, now: number, hours: number): number[] {
  const counts = new Array<number>(hours).fill(0);
  for (const a of alerts) {
    const back = Math.floor((now - raisedAt(a)) / 3600);
    if (back >= 0 && back < hours) counts[hours - 1 - back]! += 1;
  }
  return counts;
}
