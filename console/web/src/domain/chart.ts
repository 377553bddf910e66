/** Geometry of the chart: time and figure to pixels, the path, the ticks. */
export interface Scale {
  (value: number): number;
}

export function scale(from: number, to: number, low: number, high: number): Scale {
  const span = to - from || 1;
  return (value) => low + ((value - from) / span) * (high - low);
}

/** An SVG path; it breaks where nothing was measured for longer than `gap`. */
export function path(t: readonly number[], v: readonly number[], x: Scale, y: Scale, gap: number): string {
  let drawn = "";
  for (let i = 0; i < t.length; i++) {
    const broken = i === 0 || t[i]! - t[i - 1]! > gap;
    drawn += `${broken ? "M" : "L"}${x(t[i]!).toFixed(1)} ${y(v[i]!).toFixed(1)}`;
  }
  return drawn;
}

/** Round times inside the span, at most about `count`. */
export function timeTicks(from: number, to: number, count: number): number[] {
  const steps = [10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 86_400];
  const step = steps.find((s) => (to - from) / s <= count) ?? 86_400;
  const ticks: number[] = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) ticks.push(t);
  return ticks;
}

/**
 * The top of the axis: what was reached while the alert lasted, or the limit, with room above. What lies far above
 * outside that time (the drive to a stop) and single spikes may leave the picture.
 */
export function top(t: readonly number[], v: readonly number[], limit: number | null, from: number, to: number): number {
  const during = v.filter((_, i) => t[i]! >= from && t[i]! <= to);
  const sorted = (during.length ? during : [...v]).filter(Number.isFinite).sort((a, b) => a - b);
  const high = sorted[Math.floor((sorted.length - 1) * 0.995)] ?? 0;
  return Math.max(high * 1.15, (limit ?? 0) * 1.6, 1);
}
