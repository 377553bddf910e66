/** What is recorded of a camera over time: stretches, gaps with their reasons, and time of which nobody tells. */
import type { StretchRow } from "@/api/types";
import { seconds } from "@/domain/time";

/** Two stretches closer than this are one: packets arrive unevenly. The server joins fragments alike. */
const SEAM_S = 0.5;

export interface Stretch {
  kind: "recorded" | "gap";
  from: number;
  to: number;
  reason: string | null;
}

/** What there is at one moment; `from` and `to` null where nothing is known before or after. */
export interface Spot {
  kind: "recorded" | "gap" | "none";
  from: number | null;
  to: number | null;
  reason: string | null;
}

/** The stretches of one stream in the order of time. */
export function stretchesOf(rows: readonly StretchRow[], media: StretchRow["media"]): Stretch[] {
  return rows
    .filter((row) => row.media === media)
    .map(({ kind, from, to, reason }) => ({ kind, from: seconds(from) ?? 0, to: seconds(to) ?? 0, reason }))
    .sort((a, b) => a.from - b.from);
}

/** The same with the time of which nobody tells, from the beginning of a span to `until`, as gaps: not recorded. */
export function withHoles(stretches: readonly Stretch[], from: number, until: number): Stretch[] {
  const whole: Stretch[] = [];
  let reached = from;
  const hole = (to: number) => {
    if (to - reached > SEAM_S) whole.push({ kind: "gap", from: reached, to, reason: "not-recorded" });
  };
  for (const stretch of stretches) {
    hole(Math.min(stretch.from, until));
    whole.push(stretch);
    reached = Math.max(reached, stretch.to);
  }
  hole(until);
  return whole;
}

export interface Gap extends Stretch {
  camera: string;
  media: StretchRow["media"];
}

/** Every gap of every lane, of the picture and of the sound: what is red on the ruler, no more and no less. */
export function gapsOf(lanes: readonly { camera: string; video: Stretch[]; audio: Stretch[] }[]): Gap[] {
  return lanes
    .flatMap(({ camera, ...streams }) =>
      (["video", "audio"] as const).flatMap((media) =>
        streams[media].filter((s) => s.kind === "gap").map((gap) => ({ camera, media, ...gap })),
      ),
    )
    .sort((a, b) => a.from - b.from);
}

export function spotAt(stretches: readonly Stretch[], t: number): Spot {
  let before: Stretch | undefined;
  for (const stretch of stretches) {
    if (stretch.from > t) {
      if (before && stretch.from - before.to <= SEAM_S) return before;
      return { kind: "none", from: before?.to ?? null, to: stretch.from, reason: null };
    }
    if (t < stretch.to) return stretch;
    before = stretch;
  }
  return { kind: "none", from: before?.to ?? null, to: null, reason: null };
}

/** Where a picture is to be had at `t`, or, where there is none, the next that comes; null when none comes. */
export function nextRecorded(stretches: readonly Stretch[], t: number): number | null {
  if (spotAt(stretches, t).kind === "recorded") return t;
  return stretches.find((s) => s.kind === "recorded" && s.from > t)?.from ?? null;
}

/** Where the next gap after `t` begins, in any of the lanes; null when there is none. */
export function nextGap(lanes: readonly (readonly Stretch[])[], t: number): number | null {
  const begins = lanes.flatMap((lane) => lane.filter((s) => s.kind === "gap" && s.from > t + SEAM_S).map((s) => s.from));
  return begins.length ? Math.min(...begins) : null;
}

/** The first moment of the span with a picture in any lane; the span's beginning when there is none. */
export function firstRecorded(lanes: readonly (readonly Stretch[])[], [from, to]: readonly [number, number]): number {
  const begins = lanes.map((lane) => nextRecorded(lane, from)).filter((t): t is number => t !== null && t < to);
  return begins.length ? Math.min(...begins) : from;
}
