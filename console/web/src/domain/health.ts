/** What a part of the system says of itself, in one line under its state. */
import type { SystemComponent, SystemState } from "@/api/types";
import { known, t } from "@/i18n";
import { duration } from "./words";

const MEGABYTE = 1e6;
const WAITING_S = 2; // messages that wait for less are the usual batch

const numeric = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

function size(bytes: number): string {
  const mb = bytes / MEGABYTE;
  return mb < 1000 ? t("unit.mb", { n: mb.toFixed(0) }) : t("unit.gb", { n: (mb / 1000).toFixed(1) });
}

function database(detail: Record<string, unknown>): string {
  const [bytes, ms] = [numeric(detail["bytes"]), numeric(detail["answer_ms"])];
  const kind = t(detail["timescaledb"] === true ? "health.timescale" : "health.postgres");
  const parts = [`${kind} ${String(detail["server_version"] ?? "").split(" ")[0]}`.trim()];
  if (bytes !== null) parts.push(size(bytes));
  if (ms !== null) parts.push(t("health.answer", { ms: ms.toFixed(0) }));
  return parts.join(" · ");
}

function ingest(detail: Record<string, unknown>): string {
  type Worker = { committed_s_ago?: unknown; waiting?: unknown; oldest_waiting_s?: unknown };
  const workers = Array.isArray(detail["workers"]) ? (detail["workers"] as Worker[]) : [];
  const longest = (key: keyof Worker) => Math.max(...workers.map((worker) => numeric(worker[key]) ?? 0));
  if (!workers.length) return t("health.never_committed");
  const committed = t("health.committed", { n: workers.length, age: duration(longest("committed_s_ago")) });
  const shards = Array.isArray(detail["shards"]) ? (detail["shards"] as { waiting?: string[] }[]) : [];
  const standby = shards.flatMap((shard) => shard.waiting ?? []);
  const waiting = workers.reduce((sum, worker) => sum + (numeric(worker.waiting) ?? 0), 0);
  if (standby.length) return `${committed} · ${t("health.standby", { names: standby.join("、") })}`;
  if (longest("oldest_waiting_s") < WAITING_S) return committed;
  return `${committed} · ${t("health.waiting", { n: waiting, age: duration(longest("oldest_waiting_s")) })}`;
}

function cameras(detail: Record<string, unknown>): string {
  const figures = { n: numeric(detail["recorded"]) ?? "—", all: numeric(detail["cameras"]) ?? "—" };
  const silent = Array.isArray(detail["silent"]) ? detail["silent"].map(String) : [];
  const recorded = t("health.recorded", figures);
  return silent.length ? `${recorded} · ${t("health.silent", { names: silent.join("、") })}` : recorded;
}

const LINES: Record<string, (detail: Record<string, unknown>) => string> = {
  database,
  ingest,
  cameras,
  broker: (detail) => String(detail["address"] ?? ""),
  console: (detail) => t("health.screens", { n: numeric(detail["event_streams"]) ?? 0 }),
};

const partOf = (state: SystemState, id: string): SystemComponent | undefined => state.components.find((c) => c.id === id);

/** Whether the database answers: where it does not, the server's figures are old, or none. */
export const databaseAnswers = (state: SystemState): boolean => partOf(state, "database")?.state === "ok";

/** Whether the rules run: only where ingest itself is well. null: nobody knows. */
export function rulesRun(state: SystemState | null): boolean | null {
  const ingest = state && databaseAnswers(state) ? partOf(state, "ingest") : undefined;
  return ingest ? ingest.state === "ok" : null;
}

export function healthLine(c: SystemComponent): string {
  const problem = c.detail["problem"];
  if (typeof problem === "string") return known(`health.problem.${problem}`, t("health.problem"));
  return LINES[c.id]?.(c.detail) ?? "";
}

export interface Waiting {
  /** Devices that nobody has accepted. */
  devices: number;
  /** Messages that could not be read. */
  letters: number;
}

/** What waits at the door of ingest for somebody; null where nobody knows. */
export function waitingOf(state: SystemState | null): Waiting | null {
  const detail = state && databaseAnswers(state) ? partOf(state, "ingest")?.detail : undefined;
  const [devices, letters] = [numeric(detail?.["unknown_devices"]), numeric(detail?.["dead_letters"])];
  return devices === null || letters === null ? null : { devices, letters };
}

/** The parts that are not well, worst first. */
export function illParts(state: SystemState | null): SystemComponent[] {
  const ill = (state?.components ?? []).filter((c) => c.state !== "ok");
  return ill.sort((a, b) => Number(b.state === "down") - Number(a.state === "down"));
}

/** How many cameras are written to disk, of how many; null where nobody knows. */
export function recordingOf(state: SystemState | null): { whole: number; of: number } | null {
  const detail = state ? partOf(state, "cameras")?.detail : undefined;
  const [whole, of] = [numeric(detail?.["recorded"]), numeric(detail?.["cameras"])];
  return whole === null || of === null ? null : { whole, of };
}
