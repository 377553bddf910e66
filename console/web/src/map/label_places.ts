/** Where labels go beside their subjects: each keeps its spot while that is free, and takes another only when it must. */

/** [left, top, right, bottom] in pixels of the map's pane. */
export type Box = readonly [number, number, number, number];

export interface Spot {
  side: string;
  /** From the subject to the box's corner, in pixels. */
  left: number;
  top: number;
}

export interface Placeable {
  id: string;
  x: number;
  y: number;
  size: readonly [number, number];
  /** Where it was until now; null when it had no place. */
  spot: Spot | null;
}

const RING = 20;
const MARGIN = 4;
const REACHES = [RING, 52, 96, 150];

/** Those that have a spot go first and keep it, unless something grave is in the way; then the others in their order, the
 * graver ones before. What fits nowhere has no spot: its ring stays. */
export function placeLabels(
  labels: readonly Placeable[],
  [width, height]: readonly [number, number],
  obstacles: readonly Box[] = [],
): Map<string, Spot> {
  const rings = new Map(labels.map(({ id, x, y }) => [id, [x - RING, y - RING, x + RING, y + RING] as const]));
  const found = new Map<string, Spot>();
  const taken: Box[] = [];
  const inside = (box: Box) =>
    box[0] > MARGIN && box[1] > MARGIN && box[2] < width - MARGIN && box[3] < height - MARGIN;
  const others = (id: string) => [...rings].filter(([other]) => other !== id).map(([, box]) => box);

  for (const label of [...labels.filter((l) => l.spot), ...labels.filter((l) => !l.spot)]) {
    const free = (spot: Spot, avoid: readonly Box[]) => {
      const box = boxOf(label, spot);
      return inside(box) && !avoid.some((other) => overlap(box, other));
    };
    const choices = spotsFor(label.size);
    const strict = [...taken, ...others(label.id), ...obstacles];
    const spot =
      (label.spot && free(label.spot, taken) ? label.spot : undefined) ??
      choices.find((s) => free(s, strict)) ??
      choices.find((s) => free(s, [...taken, ...others(label.id)])) ??
      choices.find((s) => free(s, taken));
    if (!spot) continue;
    found.set(label.id, spot);
    taken.push(boxOf(label, spot));
  }
  return found;
}

function spotsFor([w, h]: readonly [number, number]): Spot[] {
  return REACHES.flatMap((reach) => [
    { side: "right", left: reach, top: -h / 2 },
    { side: "left", left: -reach - w, top: -h / 2 },
    { side: "above", left: -w / 2, top: -reach - h },
    { side: "below", left: -w / 2, top: reach },
    { side: "right", left: reach, top: -reach - h / 2 },
    { side: "left", left: -reach - w, top: -reach - h / 2 },
    { side: "right", left: reach, top: reach - h / 2 },
    { side: "left", left: -reach - w, top: reach - h / 2 },
  ]);
}

const boxOf = ({ x, y, size: [w, h] }: Placeable, { left, top }: Spot): Box => [x + left, y + top, x + left + w, y + top + h];

const overlap = (a: Box, b: Box): boolean => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
