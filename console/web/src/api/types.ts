/** The shapes of /api/v1, and nothing else. The only file that knows them. */
import type { Feature, FeatureCollection, Geometry } from "geojson";

export type Grade = "A" | "B" | "C";
export type AlertState =
  | "NEW"
  | "ACKED"
  | "DISPATCHED"
  | "EXPLAINED"
  | "CLOSED"
  | "SHELVED"
  | "FALSE"
  | "CLEARED";
export type FalseCode = "gps-drift" | "wrong-plan" | "authorised" | "device-fault" | "other";
export type Finding = "upheld" | "excused";

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** `noticed` is RFC 3339 or Unix seconds; the other keys depend on the rule. */
export type Detail = Record<string, unknown>;

export interface AlertRow {
  id: string;
  rule: string;
  rule_version: number;
  grade: Grade;
  device: string;
  duty: string | null;
  from: string;
  to: string | null;
  lon: number;
  lat: number;
  detail: Detail;
  state: AlertState;
  raised_at: string;
  escalation: number;
  shelved_until: string | null;
  withdrawn: boolean;
  unit: string | null;
}

export interface HistoryRow {
  at: string;
  actor: string;
  action: string;
  from_state: string | null;
  to_state: string | null;
  code: string | null;
  note: string | null;
}

export interface Amendment {
  at: string;
  change: string;
  before: Record<string, unknown> | null;
}

export interface Bilingual {
  zh: string;
  en: string;
}

export interface RuleRow {
  id: string;
  grade: Grade;
  version: number;
  parameters: Record<string, unknown>;
  basis?: string | Bilingual | null;
  title?: Bilingual | null;
  action?: Bilingual | null;
}

export interface DutyRow {
  id: string;
  device: string;
  kind: "patrol" | "post" | "standby";
  from: string;
  to: string;
  route?: string | null;
  area?: string | null;
  post?: string | null;
  unit?: string | null;
}

export interface AlertDetail extends AlertRow {
  history: HistoryRow[];
  amendments: Amendment[];
  rule_row: RuleRow | null;
  duty_row: DutyRow | null;
  previous: AlertRow[];
}

export type LinkStatus = "online" | "offline" | "unknown";

export interface PositionRow {
  device: string;
  kind: string;
  unit: string | null;
  t: string | number;
  lon: number;
  lat: number;
  speed: number | null;
  heading: number | null;
  accuracy: number | null;
  status: LinkStatus;
  duty: string | null;
  duty_kind: string | null;
  name?: string | null;
}

export interface Positions {
  at: string;
  items: PositionRow[];
}

/** [device, Unix seconds, lon, lat, speed m/s, heading, accuracy m] */
export type PositionChange = [
  string,
  number,
  number,
  number,
  number | null,
  number | null,
  number | null,
];

export interface PositionChanges {
  at: string;
  items: PositionChange[];
}

export interface DeviceRow {
  id?: string | number;
  device?: string;
  name?: string | null;
  kind?: string | null;
  unit?: string | null;
}

export interface Track {
  device: string;
  from: string;
  to: string;
  t: number[];
  lon: number[];
  lat: number[];
  speed: (number | null)[];
  accuracy: (number | null)[];
  truncated: boolean;
}

export type ComponentState = "ok" | "degraded" | "down";

export interface SystemComponent {
  id: string;
  state: ComponentState;
  detail: Record<string, unknown>;
}

export interface SystemState {
  at: string;
  components: SystemComponent[];
  alert_load: { last_10_min: number; last_hour: number };
  devices: { on_duty: number; online: number; stale: number };
  latency_s: { p50: number | null; p99: number | null };
}

export interface PlanDocument extends FeatureCollection<Geometry, Record<string, unknown> | null> {
  features: Feature<Geometry, Record<string, unknown> | null>[];
  duties?: DutyRow[];
  devices?: { id: string; kind?: string; unit?: string; name?: string }[];
  rules?: Record<string, unknown>;
}

export type Basemap = FeatureCollection<Geometry, Record<string, unknown> | null>;

export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
}
