/** The figures of an alert as rows of "measured | limit", in the catalogue's words alone; the rest are technical details. */
import type { AlertRow } from "@/api/types";
import { known, t } from "@/i18n";
import { clockTime, seconds } from "./time";
import { duration, metres, percent, speed } from "./words";

export interface Fact {
  label: string;
  value: string;
  limit: string;
  /** The figure that is beyond its limit. */
  beyond: boolean;
}

/** `details`: what only an engineer reads, and what has no word in the catalogue, by its own name. */
export interface Facts {
  rows: Fact[];
  details: Fact[];
}

type Row = (detail: Record<string, unknown>, nameOf: (id: string) => string) => Fact | null;

const num = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

function compared(
  label: string,
  value: number | null,
  limit: number | null,
  show: (n: number) => string,
  limitText: (shown: string) => string = (shown) => t("fact.limit", { value: shown }),
  below = false,
): Fact | null {
  if (value === null) return null;
  const beyond = limit !== null && (below ? value < limit : value > limit);
  return { label, value: show(value), limit: limit === null ? "" : limitText(show(limit)), beyond };
}

function plain(label: string, value: unknown, nameOf: (id: string) => string = (id) => id): Fact | null {
  const items = (Array.isArray(value) ? value : [value]).filter((item) => item !== undefined && item !== null);
  return items.length ? { label, value: items.map(String).map(nameOf).join(" · "), limit: "", beyond: false } : null;
}

const distanceLimit = (d: Record<string, unknown>): [number | null, (v: string) => string] =>
  num(d["corridor_m"]) !== null
    ? [num(d["corridor_m"]), (value) => t("fact.corridor", { value })]
    : [num(d["radius_m"]), (value) => t("fact.radius", { value })];

/** More cameras than these are counted rather than named. */
const MOST_NAMED = 6;

/** A row only where the catalogue has a word for each value; `words` are its keys, without the value. */
function worded(label: string, value: unknown, ...words: string[]): Fact | null {
  if (typeof value !== "string") return null;
  const said = words.reduce((found, key) => found || known(`${key}.${value}`, ""), "");
  return said ? plain(label, said) : null;
}

function clock(label: string, value: unknown): Fact | null {
  const at = seconds(value);
  return at === null ? null : plain(label, clockTime(at));
}

/** Known keys in the order they are read; each row names the keys it uses up. */
const ROWS: { keys: string[]; row: Row }[] = [
  {
    keys: ["distance_m", "corridor_m", "radius_m"],
    row: (d) => {
      const [limit, text] = distanceLimit(d);
      return compared(t("fact.distance"), num(d["distance_m"]), limit, metres, text);
    },
  },
  {
    keys: ["outside_m", "buffer_m"],
    row: (d) =>
      compared(t("fact.outside"), num(d["outside_m"]), num(d["buffer_m"]), metres, (value) => t("fact.buffer", { value })),
  },
  {
    keys: ["speed_mps", "limit_mps"],
    row: (d) => compared(t("fact.speed"), num(d["speed_mps"]), num(d["limit_mps"]), speed),
  },
  {
    keys: ["silent_s", "limit_s"],
    row: (d) => compared(t("fact.silent"), num(d["silent_s"]), num(d["limit_s"]), duration),
  },
  {
    keys: ["coverage", "coverage_limit"],
    row: (d) =>
      compared(
        t("fact.coverage"),
        num(d["coverage"]),
        num(d["coverage_limit"]),
        percent,
        (value) => t("fact.at_least", { value }),
        true,
      ),
  },
  { keys: ["missed"], row: (d, nameOf) => plain(t("fact.missed"), d["missed"], nameOf) },
  { keys: ["unknown"], row: (d, nameOf) => plain(t("fact.unseen"), d["unknown"], nameOf) },
  { keys: ["visited"], row: (d, nameOf) => plain(t("fact.visited"), d["visited"], nameOf) },
  {
    keys: ["duration_s", "limit_s"],
    row: (d) => {
      const limit = num(d["silent_s"]) === null ? num(d["limit_s"]) : null;
      return compared(t("fact.duration"), num(d["duration_s"]), limit, duration);
    },
  },
  {
    keys: ["accuracy_m", "coarse_m"],
    row: (d) => {
      const row = compared(t("fact.accuracy"), num(d["accuracy_m"]), num(d["coarse_m"]), metres);
      return row && { ...row, limit: row.limit || t("fact.accuracy_note") };
    },
  },
  { keys: ["fixes"], row: (d) => compared(t("fact.fixes"), num(d["fixes"]), null, (n) => t("fact.fix_count", { n })) },
  { keys: ["jumps"], row: (d) => compared(t("fact.jumps"), num(d["jumps"]), null, (n) => t("fact.jump_count", { n })) },
  {
    keys: ["people", "detainees", "officers_required", "rostered"],
    row: (d) => {
      const together = (num(d["detainees"]) ?? 0) + (num(d["officers_required"]) ?? 0);
      const wanted = num(d["rostered"]) ?? (together || null);
      const count = (n: number) => t("unit.people", { n });
      return compared(t("fact.people"), num(d["people"]), wanted, count, (value) => t("fact.at_least", { value }), true);
    },
  },
  { keys: ["kind", "kinds"], row: (d) => worded(t("fact.reason"), d["kind"], "picture") },
  {
    keys: ["cameras"],
    row: (d, nameOf) => {
      const cameras = Array.isArray(d["cameras"]) ? d["cameras"] : [];
      return cameras.length > MOST_NAMED
        ? plain(t("fact.cameras"), t("fact.camera_count", { n: cameras.length }))
        : plain(t("fact.cameras"), cameras, nameOf);
    },
  },
  { keys: ["region"], row: (d) => worded(t("fact.region"), d["region"], "region") },
  { keys: ["stream"], row: (d) => worded(t("fact.stream"), d["stream"], "media") },
  { keys: ["reason"], row: (d) => worded(t("fact.reason"), d["reason"], "reason", "gap") },
  { keys: ["ended_because"], row: (d) => worded(t("fact.ended"), d["ended_because"], "ended") },
  { keys: ["last_fix"], row: (d) => clock(t("fact.last_fix"), d["last_fix"]) },
  { keys: ["last_ping"], row: (d) => clock(t("fact.last_ping"), d["last_ping"]) },
  { keys: ["last_packet"], row: (d) => clock(t("fact.last_packet"), d["last_packet"]) },
  { keys: ["route"], row: (d, nameOf) => plain(t("fact.route"), d["route"], nameOf) },
  { keys: ["area"], row: (d, nameOf) => plain(t("fact.area"), d["area"], nameOf) },
  { keys: ["post"], row: (d, nameOf) => plain(t("fact.post"), d["post"], nameOf) },
  { keys: ["noticed"], row: (d) => clock(t("fact.noticed"), d["noticed"]) },
];

const DETAILS: typeof ROWS = [
  { keys: ["burst"], row: (d) => plain(t("fact.burst"), num(d["burst"])) },
  {
    keys: ["model"],
    row: (d) => {
      const model = d["model"] as { name?: unknown; sha256?: unknown } | undefined;
      return plain(t("fact.model"), model && `${String(model.name)} ${String(model.sha256).slice(0, 8)}`);
    },
  },
];

/** What the pictures, the session's own page, the rule's name and the lines of the alert tell already. */
const TOLD_ELSEWHERE = ["frames", "session", "suspected", "seen_s", "joined"];

/** `nameOf` turns the ids of the plan and of cameras into the names people know. */
export function factsOf(alert: AlertRow, nameOf: (id: string) => string = (id) => id): Facts {
  const told = new Set(TOLD_ELSEWHERE);
  const said = (of: typeof ROWS) =>
    of.flatMap(({ keys, row }) => {
      const fact = row(alert.detail, nameOf);
      if (fact) for (const key of keys) told.add(key);
      return fact ? [fact] : [];
    });
  const rows = said(ROWS);
  const details = said(DETAILS);
  const rest = Object.entries(alert.detail)
    .filter(([key]) => !told.has(key))
    .map(([key, value]) => ({
      label: key,
      value: typeof value === "object" ? JSON.stringify(value) : String(value),
      limit: "",
      beyond: false,
    }));
  return { rows, details: [...details, ...rest] };
}

/** The figure alone, for a label on the map; how long is told beside it anyway. */
export function headline(alert: AlertRow): string {
  const times = [t("fact.duration"), t("fact.silent")];
  const facts = factsOf(alert).rows.filter((fact) => !times.includes(fact.label));
  return facts.find((fact) => fact.beyond)?.value ?? "";
}

/** The one line under an alert's name: the measured figure beside its limit, and how long it lasted. While it lasts a
 * clock runs beside it, which a figure of some minutes ago would contradict. */
export function summary(alert: AlertRow): string {
  const facts = factsOf(alert).rows;
  const first = facts.find((fact) => fact.beyond) ?? facts[0];
  const said = first ? [`${first.label} ${first.value}`, first.limit] : [];
  const lasted = num(alert.detail["duration_s"]);
  if (lasted !== null && alert.to !== null && first?.label !== t("fact.duration")) said.push(`${t("fact.duration")} ${duration(lasted)}`);
  return said.filter(Boolean).join(" · ");
}
