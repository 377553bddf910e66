/** Where every device is: struct of arrays, one slot a device, no object per fix. Knows nothing of Vue or the map. */
import type { PositionChange, PositionRow } from "@/api/types";
import { HIDE_OFF_DUTY_S, INTERVAL_DEFAULT_S, ageOf, learnInterval, type Age } from "@/domain/ageing";
import { seconds } from "@/domain/time";

export const CAR = 0;
export const OFFICER = 1;
/** A new fix is reached by gliding, for at most this long: the marker is never far behind the truth. */
const GLIDE_S = 2;

export interface Identity {
  device: string;
  kind: string;
  unit: string | null;
  duty: string | null;
  dutyKind: string | null;
  name: string | null;
}

export class Fleet {
  readonly who: Identity[] = [];
  private readonly slots = new Map<string, number>();
  private capacity = 256;
  t = new Float64Array(this.capacity);
  lon = new Float64Array(this.capacity);
  lat = new Float64Array(this.capacity);
  private fromLon = new Float64Array(this.capacity);
  private fromLat = new Float64Array(this.capacity);
  private arrived = new Float64Array(this.capacity);
  private interval = new Float32Array(this.capacity);
  heading = new Float32Array(this.capacity);
  speed = new Float32Array(this.capacity);
  accuracy = new Float32Array(this.capacity);
  private offline = new Uint8Array(this.capacity);
  private pinged = new Float64Array(this.capacity);

  get size(): number {
    return this.who.length;
  }

  slot(device: string): number | undefined {
    return this.slots.get(device);
  }

  kind(slot: number): number {
    return this.who[slot]!.kind === "officer" ? OFFICER : CAR;
  }

  /** What the server lists. Of those in `newer` it has said more since: their places and whether they are there stay. */
  load(rows: readonly PositionRow[], now: number, newer: ReadonlySet<string> = new Set()): void {
    for (const row of rows) {
      const i = this.ensure(row.device);
      this.who[i] = {
        device: row.device,
        kind: row.kind,
        unit: row.unit,
        duty: row.duty,
        dutyKind: row.duty_kind,
        name: row.name ?? null,
      };
      if (!newer.has(row.device)) this.offline[i] = row.status === "offline" ? 1 : 0;
      this.pinged[i] = Math.max(this.pinged[i]!, seconds(row.heard_at) ?? 0);
      this.put(i, seconds(row.t) ?? 0, row.lon, row.lat, row.speed, row.heading, row.accuracy, now);
    }
  }

  /** Devices that were not known before: the caller asks the server who they are. */
  change(rows: readonly PositionChange[], now: number): string[] {
    const strangers: string[] = [];
    for (const [device, t, lon, lat, speed, heading, accuracy] of rows) {
      if (!this.slots.has(device)) strangers.push(device);
      const i = this.ensure(device);
      if (t > this.t[i]!) this.offline[i] = 0;
      this.put(i, t, lon, lat, speed, heading, accuracy, now);
    }
    return strangers;
  }

  /** What devices say of themselves. */
  say(statuses: Readonly<Record<string, string>>): void {
    for (const [device, status] of Object.entries(statuses)) {
      const i = this.slots.get(device);
      if (i !== undefined) this.offline[i] = status === "offline" ? 1 : 0;
    }
  }

  /** Signs of life without a new place: the place goes on ageing. */
  hear(pings: Readonly<Record<string, number>>): void {
    for (const [device, t] of Object.entries(pings)) {
      const i = this.slots.get(device);
      if (i === undefined || t <= this.pinged[i]!) continue;
      this.pinged[i] = t;
      this.offline[i] = 0;
    }
  }

  /** When something was last heard of it, be that a new place or not. */
  heard(i: number): number {
    return Math.max(this.t[i]!, this.pinged[i]!);
  }

  age(i: number, now: number): Age {
    return ageOf(now - this.t[i]!, this.interval[i]!, this.offline[i] === 1);
  }

  hidden(i: number, now: number): boolean {
    return this.t[i] === 0 || (this.who[i]!.duty === null && now - this.t[i]! > HIDE_OFF_DUTY_S);
  }

  /** How much of the way to the newest fix is shown: 1 when it has been reached. */
  glide(i: number, now: number): number {
    return Math.min(1, Math.max(0, (now - this.arrived[i]!) / GLIDE_S));
  }

  at(i: number, now: number): [number, number] {
    const part = this.glide(i, now);
    const [x, y] = [this.fromLon[i]!, this.fromLat[i]!];
    return [x + part * (this.lon[i]! - x), y + part * (this.lat[i]! - y)];
  }

  private put(
    i: number,
    t: number,
    lon: number,
    lat: number,
    speed: number | null,
    heading: number | null,
    accuracy: number | null,
    now: number,
  ): void {
    if (t <= this.t[i]!) return;
    const first = this.t[i] === 0;
    const [x, y] = first ? [lon, lat] : this.at(i, now);
    this.interval[i] = first ? INTERVAL_DEFAULT_S : learnInterval(this.interval[i]!, t - this.t[i]!);
    this.fromLon[i] = x;
    this.fromLat[i] = y;
    this.arrived[i] = now;
    this.t[i] = t;
    this.lon[i] = lon;
    this.lat[i] = lat;
    this.speed[i] = speed ?? NaN;
    if (heading !== null) this.heading[i] = heading;
    this.accuracy[i] = accuracy ?? NaN;
  }

  private ensure(device: string): number {
    const known = this.slots.get(device);
    if (known !== undefined) return known;
    const i = this.who.length;
    if (i >= this.capacity) this.grow();
    this.slots.set(device, i);
    this.who.push({ device, kind: "car", unit: null, duty: null, dutyKind: null, name: null });
    return i;
  }

  private grow(): void {
    this.capacity *= 2;
    const longer = <T extends Float64Array | Float32Array | Uint8Array>(old: T): T => {
      const grown = new (old.constructor as new (n: number) => T)(this.capacity);
      grown.set(old);
      return grown;
    };
    this.t = longer(this.t);
    this.lon = longer(this.lon);
    this.lat = longer(this.lat);
    this.fromLon = longer(this.fromLon);
    this.fromLat = longer(this.fromLat);
    this.arrived = longer(this.arrived);
    this.interval = longer(this.interval);
    this.heading = longer(this.heading);
    this.speed = longer(this.speed);
    this.accuracy = longer(this.accuracy);
    this.offline = longer(this.offline);
    this.pinged = longer(this.pinged);
  }
}
