/** Pictures kept with one clock: which time of a medium is which time of day, and what to do about a difference. */

/** A fragment: when it was recorded, and where in the medium it lies, all in seconds. */
export interface Piece {
  wall: number;
  media: number;
  duration: number;
}

/** A playlist tells of one hour: the server makes it in 30 ms, and it is read once an hour. */
export const WINDOW_S = 3600;
/** Within this the pieces of two streams count as together: one picture of a camera with 25 a second. */
const TOGETHER_S = 0.04;
const SEEK_S = 0.5;
const NUDGE = 0.1;
/** Chromium plays no faster. */
const FASTEST = 16;
const EDGE_S = 0.25;

/** The window of playlists that `t` lies in; round hours. */
export function windowAt(t: number): [from: number, to: number] {
  const from = Math.floor(t / WINDOW_S) * WINDOW_S;
  return [from, from + WINDOW_S];
}

function last<T>(items: readonly T[], holds: (item: T) => boolean): T | undefined {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle]!)) low = middle + 1;
    else high = middle;
  }
  return items[low - 1];
}

/** Where in the medium the picture of `wall` lies; null where there is none. Just before the first is the first. */
export function mediaAt(pieces: readonly Piece[], wall: number): number | null {
  const piece = last(pieces, (p) => p.wall <= wall) ?? pieces[0];
  if (!piece || wall < piece.wall - EDGE_S || wall > piece.wall + piece.duration + EDGE_S) return null;
  return piece.media + Math.min(Math.max(0, wall - piece.wall), piece.duration);
}

/** When what lies at `media` was recorded; null in an empty medium. */
export function wallAt(pieces: readonly Piece[], media: number): number | null {
  const piece = last(pieces, (p) => p.media <= media + 1e-4) ?? pieces[0];
  return piece ? piece.wall + (media - piece.media) : null;
}

export type Correction = { seek: true } | { seek: false; rate: number };

/** What a picture that is `driftS` ahead of the clock does at `speed`: a little is caught up unseen, more is leapt. */
export function correction(driftS: number, speed: number): Correction {
  const scale = Math.max(1, speed);
  if (Math.abs(driftS) > SEEK_S * scale) return { seek: true };
  if (Math.abs(driftS) <= TOGETHER_S * scale) return { seek: false, rate: speed };
  const most = NUDGE * speed;
  return { seek: false, rate: Math.min(FASTEST, speed - Math.min(most, Math.max(-most, driftS))) };
}
