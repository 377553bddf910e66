/** What a part of the system says of itself, in one line under its state. */
import type { SystemComponent } from "@/api/types";
import { t } from "@/i18n";
import { duration } from "./words";

const MEGABYTE = 1e6;

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
  const workers = Array.isArray(detail["workers"]) ? (detail["workers"] as { saved_s_ago?: unknown }[]) : [];
  const ages = workers.map((worker) => numeric(worker.saved_s_ago)).filter((age) => age !== null);
  if (!ages.length) return t("health.never_saved");
  return t("health.saved", { n: ages.length, age: duration(Math.max(...ages)) });
}

const LINES: Record<string, (detail: Record<string, unknown>) => string> = {
  database,
  ingest,
  broker: (detail) => String(detail["address"] ?? ""),
  console: (detail) => t("health.screens", { n: numeric(detail["event_streams"]) ?? 0 }),
};

export function healthLine(c: SystemComponent): string {
  if (c.state === "down" && typeof c.detail["problem"] === "string") return c.detail["problem"];
  return LINES[c.id]?.(c.detail) ?? "";
}
