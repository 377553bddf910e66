/** The shapes of /api/v1: made from the server's OpenAPI document, and by hand only what that can't tell. */
import type { Feature, FeatureCollection, Geometry } from "geojson";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type AlertRow = Schemas["AlertRow"];
export type AlertDetail = Schemas["AlertDetail"];
export type Amendment = Schemas["Amendment"];
export type CameraRow = Schemas["CameraRow"];
export type DeviceRow = Schemas["DeviceRow"];
export type DutyRow = Schemas["DutyRow"];
export type ExportDetail = Schemas["ExportDetail"];
export type ExportRequest = Schemas["ExportRequest"];
export type ExportRow = Schemas["ExportRow"];
export type HoldPlacing = Schemas["Placing"];
export type HoldRow = Schemas["HoldRow"];
export type LookRow = Schemas["LookRow"];
export type Looking = Schemas["Looking"];
export type DeadLetterRow = Schemas["DeadLetterRow"];
export type Replayed = Schemas["Replayed"];
export type UnknownDeviceRow = Schemas["UnknownDeviceRow"];
export type HistoryRow = Schemas["HistoryRow"];
export type PositionRow = Schemas["PositionRow"];
export type Positions = Schemas["Positions"];
export type ClockRow = Schemas["ClockRow"];
export type Headcount = Schemas["Headcount"];
export type RoomRecording = Schemas["RoomRecording"];
export type RoomRow = Schemas["RoomRow"];
export type Rooms = Schemas["Rooms"];
export type RuleRow = Schemas["RuleRow"];
export type SessionOpening = Schemas["Opening"];
export type SessionPerson = Schemas["SessionPerson"];
export type SessionRow = Schemas["SessionRow"];
export type StretchRow = Schemas["StretchRow"];
export type SystemComponent = Schemas["Component"];
export type SystemState = Schemas["SystemState"];
export type Track = Schemas["Track"];
export type Verification = Schemas["Verification"];
export type Words = Schemas["Words"];

export type Grade = AlertRow["grade"];
export type AlertState = AlertRow["state"];
export type FalseCode = Schemas["FalseAlarm"]["code"];
export type Finding = Schemas["Resolution"]["finding"];

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** An item of the stream's `positions`: [device, Unix seconds, lon, lat, speed m/s, heading, accuracy m]. */
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
  statuses?: Record<string, "online" | "offline">;
  /** Unix seconds of the last ping of those that sent one: a sign of life without a new place. */
  heard?: Record<string, number>;
}

export interface PlanDocument extends FeatureCollection<Geometry, Record<string, unknown> | null> {
  features: Feature<Geometry, Record<string, unknown> | null>[];
  duties?: DutyRow[];
  devices?: { id: string; kind?: string; unit?: string; name?: string }[];
  rules?: Record<string, unknown>;
}

export type Basemap = FeatureCollection<Geometry, Record<string, unknown> | null>;

/** RFC 9457. `where` and `errors` name fields; `state` and `action` tell of a step that an alert's state forbids; `ended`,
 * when a purpose that was given ended. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  where?: string;
  errors?: { where: string; detail: string }[];
  state?: string;
  action?: string;
  ended?: string;
}
