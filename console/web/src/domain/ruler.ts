/** The ruler of time: what part of a span is in sight, and where on it a moment lies. */
export type Range = readonly [from: number, to: number];

const SHORTEST_S = 10;
/** A gap of a second must be seen in a day. */
const THINNEST_PERCENT = 0.25;

const length = ([from, to]: Range): number => to - from;

/** `view` moved and, where it is longer, shortened so that it lies in `bounds`. */
export function within(view: Range, bounds: Range): Range {
  const long = Math.min(length(view), length(bounds));
  const from = Math.min(Math.max(view[0], bounds[0]), bounds[1] - long);
  return [from, from + long];
}

/** `factor` > 1 shows more time; what lies under `around` stays in its place. */
export function zoom(view: Range, factor: number, around: number, bounds: Range): Range {
  const long = Math.min(Math.max(length(view) * factor, SHORTEST_S), length(bounds));
  const part = (around - view[0]) / length(view);
  const from = around - part * long;
  return within([from, from + long], bounds);
}

export const pan = (view: Range, byS: number, bounds: Range): Range => within([view[0] + byS, view[1] + byS], bounds);

/** The same length with `t` in sight; unchanged where it is already. */
export function reveal(view: Range, t: number, bounds: Range): Range {
  if (t >= view[0] && t <= view[1]) return view;
  return within([t - length(view) / 2, t + length(view) / 2], bounds);
}

/** The place of a moment, in percent of the view. */
export const percentAt = (view: Range, t: number): number => (100 * (t - view[0])) / length(view);

export const timeAt = (view: Range, part: number): number => view[0] + part * length(view);

/** Where a stretch lies on the ruler, in percent; null where it is out of sight. Never too thin to be seen. */
export function pieceOf(view: Range, from: number, to: number): { left: number; width: number } | null {
  if (to <= view[0] || from >= view[1]) return null;
  const [a, b] = [Math.max(0, percentAt(view, from)), Math.min(100, percentAt(view, to))];
  const width = Math.max(b - a, THINNEST_PERCENT);
  return { left: Math.min(a, 100 - width), width };
}
