/** The figures of an alert as rows of "measured | limit"; what the catalogue doesn't know is shown raw. */
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

/** Of a position, or of a gap in a recording. */
const reasonName = (reason: string): string => known(`reason.${reason}`, known(`gap.${reason}`, reason));

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
    keys: ["accuracy_m"],
    row: (d) => {
      const row = compared(t("fact.accuracy"), num(d["accuracy_m"]), null, metres);
      return row && { ...row, limit: t("fact.accuracy_note") };
    },
  },
  { keys: ["fixes"], row: (d) => compared(t("fact.fixes"), num(d["fixes"]), null, (n) => t("fact.fix_count", { n })) },
  { keys: ["jumps"], row: (d) => compared(t("fact.jumps"), num(d["jumps"]), null, (n) => t("fact.jump_count", { n })) },
  {
    keys: ["people", "detainees", "officers_required", "rostered"],
    row: (d) => {
      const together = (num(d["detainees"]) ?? 0) + (num(d["officers_required"]) ?? 0);
      const wanted = num(d["rostered"]) ?? (together || null);
      return compared(t("fact.people"), num(d["people"]), wanted, String, (value) => t("fact.at_least", { value }), true);
    },
  },
  {
    keys: ["kind", "kinds"],
    row: (d) => plain(t("fact.reason"), typeof d["kind"] === "string" ? known(`picture.${d["kind"]}`, d["kind"]) : null),
  },
  {
    keys: ["cameras"],
    row: (d) => {
      const cameras = Array.isArray(d["cameras"]) ? d["cameras"] : [];
      return plain(t("fact.cameras"), cameras.length > MOST_NAMED ? cameras.length : cameras);
    },
  },
  { keys: ["region"], row: (d) => plain(t("fact.region"), d["region"]) },
  {
    keys: ["model"],
    row: (d) => {
      const model = d["model"] as { name?: unknown; sha256?: unknown } | undefined;
      return plain(t("fact.model"), model && `${String(model.name)} ${String(model.sha256).slice(0, 8)}`);
    },
  },
  {
    keys: ["reason"],
    row: (d) => plain(t("fact.reason"), typeof d["reason"] === "string" ? reasonName(d["reason"]) : null),
  },
  {
    keys: ["ended_because"],
    row: (d) => {
      const why = d["ended_because"];
      return plain(t("fact.ended"), typeof why === "string" ? known(`ended.${why}`, why) : null);
    },
  },
  {
    keys: ["last_fix"],
    row: (d) => {
      const at = seconds(d["last_fix"]);
      return at === null ? null : plain(t("fact.last_fix"), clockTime(at));
    },
  },
  { keys: ["route"], row: (d, nameOf) => plain(t("fact.route"), d["route"], nameOf) },
  { keys: ["area"], row: (d, nameOf) => plain(t("fact.area"), d["area"], nameOf) },
  { keys: ["post"], row: (d, nameOf) => plain(t("fact.post"), d["post"], nameOf) },
  {
    keys: ["noticed"],
    row: (d) => {
      const at = seconds(d["noticed"]);
      return at === null ? null : plain(t("fact.noticed"), clockTime(at));
    },
  },
];

/** What the pictures, the session's own page and the rule's name tell already. */
const TOLD_ELSEWHERE = ["frames", "session", "suspected", "seen_s"];
const KNOWN = new Set([...ROWS.flatMap((r) => r.keys), ...TOLD_ELSEWHERE]);

/** `nameOf` turns the plan's ids into the names people know. */
export function factsOf(alert: AlertRow, nameOf: (id: string) => string = (id) => id): Fact[] {
  const rows = ROWS.map(({ row }) => row(alert.detail, nameOf)).filter((fact): fact is Fact => fact !== null);
  const raw = Object.entries(alert.detail)
    .filter(([key]) => !KNOWN.has(key))
    .map(([key, value]) => ({
      label: key,
      value: typeof value === "object" ? JSON.stringify(value) : String(value),
      limit: "",
      beyond: false,
    }));
  return [...rows, ...raw];
}

/** The figure alone, for a label on the map; how long is told beside it anyway. */
export function headline(alert: AlertRow): string {
  const times = [t("fact.duration"), t("fact.silent")];
  const facts = factsOf(alert).filter((fact) => !times.includes(fact.label));
  return facts.find((fact) => fact.beyond)?.value ?? "";
}

/** The one line under an alert's name: the measured figure beside its limit. */
export function summary(alert: AlertRow): string {
  const facts = factsOf(alert);
  const first = facts.find((fact) => fact.beyond) ?? facts[0];
  const said = first ? [`${first.label} ${first.value}`, first.limit] : [];
  const lasted = num(alert.detail["duration_s"]);
  if (lasted !== null && first?.label !== t("fact.duration")) said.push(`${t("fact.duration")} ${duration(lasted)}`);
  return said.filter(Boolean).join(" · ");
}
