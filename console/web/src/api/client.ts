/** Requests to the console's own server; an error is a `ProblemError` with what the server said, or `NoAnswer`. */
import { iso } from "@/domain/time";
import { answered, ProblemError } from "./errors";
import type {
  AlertDetail,
  AlertRow,
  Basemap,
  CameraRow,
  DeadLetterRow,
  DeviceRow,
  ExportDetail,
  ExportRequest,
  ExportRow,
  FalseCode,
  Finding,
  HoldPlacing,
  HoldRow,
  LookRow,
  Looking,
  Page,
  PlanDocument,
  Positions,
  Problem,
  Replayed,
  Rooms,
  SessionOpening,
  SessionPerson,
  SessionRow,
  StretchRow,
  SystemState,
  Track,
  UnknownDeviceRow,
  Verification,
} from "./types";

const BASE = "/api/v1";
const TIMEOUT_MS = 15_000;

async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const response = await answered(fetch(BASE + path, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }));
  if (!response.ok) throw await refused(response);
  return (response.status === 204 ? null : await answered(response.json())) as T;
}

async function refused(response: Response): Promise<ProblemError> {
  return new ProblemError(response.status, (await response.json().catch(() => ({}))) as Problem);
}

function query(values: Record<string, string | number | boolean | null | undefined>): string {
  const pairs = Object.entries(values).filter(([, v]) => v !== undefined && v !== null && v !== "");
  return pairs.length ? "?" + new URLSearchParams(pairs.map(([k, v]) => [k, String(v)])).toString() : "";
}

function post<T>(path: string, body: object | null): Promise<T> {
  return request<T>(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

export interface AlertQuery {
  state?: string;
  grade?: string;
  rule?: string;
  device?: string;
  since?: string;
  until?: string;
  cursor?: string | null;
  limit?: number;
}

export const api = {
  positions: () => request<Positions>("/positions"),
  devices: () => request<Page<DeviceRow> | DeviceRow[]>("/devices"),
  track: (device: string, from: string, to: string, limit = 20_000) =>
    request<Track>(`/devices/${encodeURIComponent(device)}/track${query({ from, to, limit })}`),
  alerts: (q: AlertQuery) => request<Page<AlertRow>>(`/alerts${query({ ...q })}`),
  alert: (id: string) => request<AlertDetail>(`/alerts/${id}`),
  plan: () => request<PlanDocument | null>("/plan"),
  basemap: () => request<Basemap | null>("/basemap"),
  system: () => request<SystemState>("/system"),
  cameras: () => request<Page<CameraRow>>("/cameras"),
  rooms: () => request<Rooms>("/rooms"),
  recordings: (camera: string, from: string, to: string) =>
    request<Page<StretchRow>>(`/recordings${query({ camera, from, to })}`),
  verification: (camera: string, from: string, to: string) =>
    request<Verification>(`/recordings/${encodeURIComponent(camera)}/verification${query({ from, to })}`),
};

/** Interrogations: each step answers with the session as it is then. */
export const sessions = {
  open: (told: SessionOpening) => post<SessionRow>("/sessions", told),
  signIn: (id: string, name: string, role: SessionPerson["role"]) =>
    post<SessionRow>(`/sessions/${id}/sign-in`, { name, role }),
  signOut: (id: string, name: string) => post<SessionRow>(`/sessions/${id}/sign-out`, { name }),
  close: (id: string) => post<SessionRow>(`/sessions/${id}/close`, {}),
};

/** Looks into interrogation rooms. */
export const looks = {
  begin: (told: Looking) => post<LookRow>("/looks", told),
  inForce: () => request<Page<LookRow>>("/looks"),
};

/** Exports of footage: each step answers with the export as it is then. */
export const exports = {
  page: (limit: number) => request<Page<ExportRow>>(`/exports${query({ limit })}`),
  read: (id: string) => request<ExportDetail>(`/exports/${id}`),
  request: (body: ExportRequest) => post<ExportDetail>("/exports", body),
  approve: (id: string, approved_by: string) => post<ExportDetail>(`/exports/${id}/approve`, { approved_by }),
  reject: (id: string, rejected_by: string, reason: string) =>
    post<ExportDetail>(`/exports/${id}/reject`, { rejected_by, reason }),
  /** Where it is downloaded; the name goes into its history. */
  address: (id: string, by: string) => `${BASE}/exports/${id}/download${query({ by })}`,
};

/** What waits at the door of ingest: unknown devices and dead letters. */
export const intake = {
  unknown: () => request<Page<UnknownDeviceRow>>("/devices/unknown"),
  accept: (device: string) => post<null>(`/devices/unknown/${encodeURIComponent(device)}/accept`, {}),
  forget: (device: string) => post<null>(`/devices/unknown/${encodeURIComponent(device)}/forget`, {}),
  letters: (cursor: string | null) => request<Page<DeadLetterRow>>(`/dead-letters${query({ cursor })}`),
  /** One letter, or all. */
  replay: (letter: { topic: string; sha256: string } | null) => post<Replayed>("/dead-letters/replay", letter),
};

/** Legal holds: what is held is not deleted. */
export const holds = {
  page: (limit: number, in_force: boolean | null) => request<Page<HoldRow>>(`/holds${query({ limit, in_force })}`),
  read: (id: string) => request<HoldRow>(`/holds/${id}`),
  place: (body: HoldPlacing) => post<HoldRow>("/holds", body),
  release: (id: string, by: string, reason: string) => post<HoldRow>(`/holds/${id}/release`, { by, reason }),
};

/** Where one stream of a recording is played from, over a span of Unix seconds. */
export const playlist = (id: string, [from, to]: readonly [number, number], media: "video" | "audio"): string =>
  `${BASE}/recordings/${encodeURIComponent(id)}/playlist.m3u8${query({ from: iso(from), to: iso(to), media })}`;

const camera = (id: string) => `${BASE}/cameras/${encodeURIComponent(id)}`;

/** WHEP: the answer to an SDP offer, and what to DELETE at the end. */
export async function whep(id: string, offer: string, signal: AbortSignal): Promise<{ answer: string; location: string }> {
  const headers = { "content-type": "application/sdp" };
  const response = await answered(fetch(`${camera(id)}/whep`, { method: "POST", headers, body: offer, signal }));
  if (!response.ok) throw await refused(response);
  return { answer: await response.text(), location: response.headers.get("location") ?? "" };
}

/** Ends what :func:`whep` began; also while the page is being left. */
export function endWhep(location: string): void {
  if (location) void fetch(location, { method: "DELETE", keepalive: true }).catch(() => undefined);
}

/** The newest keyframe, and how long ago it arrived. */
export async function snapshot(id: string, signal: AbortSignal): Promise<{ picture: Blob; ageS: number }> {
  const response = await answered(fetch(`${camera(id)}/snapshot`, { signal }));
  if (!response.ok) throw await refused(response);
  return { picture: await response.blob(), ageS: Number(response.headers.get("x-picture-age") ?? 0) };
}

/** Why the server does not give what is at `address`; null where it does, or does not answer. */
export async function refusalOf(address: string): Promise<ProblemError | null> {
  const response = await fetch(address, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => null);
  return response && !response.ok ? refused(response) : null;
}

/** What a person can do with an alert; each answers with the alert as it is then. */
export type Action =
  | { name: "ack"; body: { note?: string } }
  | { name: "dispatch"; body: { note?: string } }
  | { name: "explain"; body: { note: string } }
  | { name: "resolve"; body: { finding: Finding; note: string } }
  | { name: "shelve"; body: { minutes: number; reason: string } }
  | { name: "note"; body: { note: string } }
  | { name: "false-alarm"; body: { code: FalseCode; note?: string } }
  | { name: "reopen"; body: { note: string } };

export const act = (id: string, action: Action): Promise<AlertDetail> =>
  post<AlertDetail>(`/alerts/${id}/${action.name}`, action.body);
