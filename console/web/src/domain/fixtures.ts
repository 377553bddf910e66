/** Alerts and tracks for tests. */
import type { AlertRow, Track } from "@/api/types";
import { iso } from "./time";

export const T0 = 1_767_600_000;

export function alertOf(part: Partial<AlertRow> & { raised?: number } = {}): AlertRow {
  const { raised = T0, ...rest } = part;
  return {
    id: "a",
    rule: "off-route",
    rule_version: 1,
    grade: "B",
    device: "car-07",
    duty: null,
    from: iso(raised - 60),
    to: null,
    lon: 106,
    lat: 38,
    detail: {},
    state: "NEW",
    raised_at: iso(raised),
    escalation: 0,
    escalated_at: null,
    shelved_until: null,
    withdrawn: false,
    finding: null,
    false_code: null,
    unit: "yn.east",
    actions: ["ack", "shelve", "false-alarm", "note"],
    escalates_at: null,
    ...rest,
  };
}

export function trackOf(points: [number, number, number][], speed: (number | null)[] = []): Track {
  return {
    device: "car-07",
    from: iso(T0),
    to: iso(T0),
    t: points.map((p) => p[0]),
    lon: points.map((p) => p[1]),
    lat: points.map((p) => p[2]),
    speed: points.map((_, i) => speed[i] ?? null),
    accuracy: points.map(() => 5),
    truncated: false,
  };
}
