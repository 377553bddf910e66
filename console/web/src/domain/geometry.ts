/** Plane geometry in metres around a place: enough for a county, exact to a few centimetres. */
export type LonLat = readonly [number, number];
export type Point = readonly [number, number];

/** Where an alert is; null where its device was never seen and its duty names no place. */
export const placeOf = ({ lon, lat }: { lon: number | null; lat: number | null }): LonLat | null =>
  lon === null || lat === null ? null : [lon, lat];

const METRES_PER_DEGREE = 111_320;

export class Plane {
  private readonly kx: number;

  constructor(private readonly origin: LonLat) {
    this.kx = METRES_PER_DEGREE * Math.cos((origin[1] * Math.PI) / 180);
  }

  xy = (p: LonLat): Point => [(p[0] - this.origin[0]) * this.kx, (p[1] - this.origin[1]) * METRES_PER_DEGREE];

  lonLat = ([x, y]: Point): LonLat => [x / this.kx + this.origin[0], y / METRES_PER_DEGREE + this.origin[1]];

  distance(a: LonLat, b: LonLat): number {
    const [p, q] = [this.xy(a), this.xy(b)];
    return Math.hypot(p[0] - q[0], p[1] - q[1]);
  }

  toLine(p: LonLat, line: readonly LonLat[]): number {
    const at = this.xy(p);
    let best = Infinity;
    for (let i = 1; i < line.length; i++) {
      best = Math.min(best, toSegment(at, this.xy(line[i - 1]!), this.xy(line[i]!)));
    }
    return best;
  }
}

function toSegment(p: Point, a: Point, b: Point): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const along = length2 ? Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2)) : 0;
  return Math.hypot(p[0] - a[0] - along * dx, p[1] - a[1] - along * dy);
}

export function inRing(p: LonLat, ring: readonly LonLat[]): boolean {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [a, b] = [ring[i]!, ring[j]!];
    if (a[1] > p[1] !== b[1] > p[1] && p[0] < ((b[0] - a[0]) * (p[1] - a[1])) / (b[1] - a[1]) + a[0]) {
      inside = !inside;
    }
  }
  return inside;
}

export function inPolygon(p: LonLat, rings: readonly (readonly LonLat[])[]): boolean {
  const [outer, ...holes] = rings;
  return outer !== undefined && inRing(p, outer) && !holes.some((hole) => inRing(p, hole));
}

/** A circle as a polygon ring. */
export function circle(centre: LonLat, radiusM: number, corners = 72): LonLat[] {
  const plane = new Plane(centre);
  return Array.from({ length: corners + 1 }, (_, i) => {
    const angle = (2 * Math.PI * (i % corners)) / corners;
    return plane.lonLat([radiusM * Math.cos(angle), radiusM * Math.sin(angle)]);
  });
}

/** Degrees clockwise from north on the way from a to b. */
export function bearing(a: LonLat, b: LonLat): number {
  const [x, y] = new Plane(a).xy(b);
  return ((Math.atan2(x, y) * 180) / Math.PI + 360) % 360;
}
