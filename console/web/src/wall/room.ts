/** How many cards of each sort the queue's column has room for: what lasts goes first, but what is over is never wholly
 * hidden while there is room for two cards of what lasts. */

export interface Heights {
  card: number;
  over: number;
  heading: number;
  more: number;
}

const OVER_LEAST = 1;
const LASTING_LEAST = 2;

export function roomFor(
  lasting: number,
  over: number,
  { height, columns }: { height: number; columns: number },
  { card, over: small, heading, more }: Heights,
): { lasting: number; over: number } {
  const rows = (space: number, each: number) => Math.max(0, Math.floor(space / each));
  const all = Math.ceil(lasting / columns) * card + (over ? heading + Math.ceil(over / columns) * small : 0);
  if (all <= height) return { lasting, over };
  const left = height - more - (over ? heading : 0);
  const kept = over && left - OVER_LEAST * small >= LASTING_LEAST * card ? OVER_LEAST * small : 0;
  const cards = Math.min(lasting, Math.max(1, rows(left - kept, card)) * columns);
  const rest = left - Math.ceil(cards / columns) * card;
  return { lasting: cards, over: Math.min(over, rows(rest, small) * columns) };
}
