/** Where somebody stood: fixes that stay within a circle for some minutes. */
import type { Track } from "@/api/types";
import { Plane, type LonLat } from "./geometry";

const WITHIN_M = 50;
const STOP_S = 180;

export interface Stop {
  from: number;
  to: number;
  at: LonLat;
}

/** The stops of a track, in the order of time. A silence between two fixes at one place is part of the stop. */
export function stopsOf(track: Track, withinM = WITHIN_M, atLeastS = STOP_S): Stop[] {
  const stops: Stop[] = [];
  let begin = 0;
  const place = (i: number): LonLat => [track.lon[i]!, track.lat[i]!];
  let plane = new Plane(track.t.length ? place(0) : [0, 0]);
  for (let i = 1; i <= track.t.length; i++) {
    if (i < track.t.length && plane.distance(place(begin), place(i)) <= withinM) continue;
    if (track.t[i - 1]! - track.t[begin]! >= atLeastS) {
      stops.push({ from: track.t[begin]!, to: track.t[i - 1]!, at: place(begin) });
    }
    begin = i;
    if (i < track.t.length) plane = new Plane(place(i));
  }
  return stops;
}
