import { describe, expect, it } from "vitest";
import { T0, alertOf } from "./fixtures";
import { CARDS_MAX, compare, escalatesIn, fold, isOpen, newestOf, perHour } from "./queue";
import { iso } from "./time";

const order = (alerts: ReturnType<typeof alertOf>[]) => [...alerts].sort(compare).map((a) => a.id);

describe("the queue", () => {
  it("puts A before B before C, then the unacknowledged, then what was raised last", () => {
    const alerts = [
      alertOf({ id: "c", grade: "C", raised: T0 }),
      alertOf({ id: "b-old", grade: "B", raised: T0 - 100 }),
      alertOf({ id: "b-acked", grade: "B", raised: T0, state: "ACKED" }),
      alertOf({ id: "b-new", grade: "B", raised: T0 - 10 }),
      alertOf({ id: "a", grade: "A", raised: T0 - 900 }),
    ];
    expect(order(alerts)).toEqual(["a", "b-new", "b-old", "b-acked", "c"]);
  });

  it("puts what went a level up just now before what was raised since then, within its grade", () => {
    const alerts = [
      alertOf({ id: "b-new", grade: "B", raised: T0 - 60 }),
      alertOf({ id: "b-rose", grade: "B", raised: T0 - 310, escalation: 1, escalated_at: iso(T0 - 10) }),
      alertOf({ id: "b-rose-before", grade: "B", raised: T0 - 900, escalation: 1, escalated_at: iso(T0 - 600) }),
      alertOf({ id: "b-rose-acked", grade: "B", raised: T0 - 310, state: "ACKED", escalated_at: iso(T0) }),
      alertOf({ id: "a", grade: "A", raised: T0 - 900 }),
    ];
    expect(order(alerts)).toEqual(["a", "b-rose", "b-new", "b-rose-before", "b-rose-acked"]);
  });

  it("puts what still lasts before what is over, whatever its grade", () => {
    const over = alertOf({ id: "a-over", grade: "A", to: iso(T0), raised: T0 });
    expect(order([over, alertOf({ id: "c", grade: "C", raised: T0 - 900 })])).toEqual(["c", "a-over"]);
  });

  it("leaves out what is closed, shelved, false or withdrawn", () => {
    expect(["CLOSED", "SHELVED", "FALSE"].map((state) => isOpen(alertOf({ state: state as "CLOSED" })))).toEqual([
      false,
      false,
      false,
    ]);
    expect(isOpen(alertOf({ withdrawn: true }))).toBe(false);
    expect(isOpen(alertOf({ state: "EXPLAINED" }))).toBe(true);
  });

  it("counts down to when the server says that it escalates", () => {
    const red = alertOf({ grade: "A", escalates_at: iso(T0 + 60) });
    expect(escalatesIn(red, T0 + 20)).toBe(40);
    expect(escalatesIn(red, T0 + 61)).toBe(0);
    expect(escalatesIn(alertOf({ escalates_at: null }), T0)).toBeNull();
  });

  it("gives one card to a rule and its subject, about what still lasts, with how many there are", () => {
    const alerts = [
      alertOf({ id: "over", to: iso(T0), raised: T0 - 500 }),
      alertOf({ id: "now", raised: T0 - 34 }),
      alertOf({ id: "before", to: iso(T0), raised: T0 - 900 }),
      alertOf({ id: "other", device: "car-08", raised: T0 - 700 }),
      alertOf({ id: "speeding", rule: "speeding", raised: T0 - 800 }),
    ].sort(compare);
    const cards = fold(alerts, T0).map(({ alert, folded, newest }) => [alert.id, folded.length, newest.id]);
    expect(cards).toEqual([
      ["now", 3, "now"],
      ["other", 1, "other"],
      ["speeding", 1, "speeding"],
    ]);
  });

  const flood = (n: number, part: (i: number) => Parameters<typeof alertOf>[0]) =>
    Array.from({ length: n }, (_, i) => alertOf({ id: `${i}`, device: `car-${i}`, raised: T0 - (i % 10), ...part(i) }));

  it.each([
    ["three rules of three units", (i: number) => ({ grade: "C" as const, rule: `rule-${i % 3}`, unit: `u${i % 3}` })],
    ["every unit of a county", (i: number) => ({ grade: "C" as const, rule: `rule-${i % 5}`, unit: `u${i % 40}` })],
    ["every rule there is", (i: number) => ({ grade: "C" as const, rule: `rule-${i % 20}`, unit: `u${i % 40}` })],
    ["red alerts alone", () => ({ grade: "A" as const, rule: "single-officer" })],
  ])("folds 200 alerts of %s into at most ten cards and loses none", (_, part) => {
    const cards = fold(flood(200, part).sort(compare), T0);
    expect(cards.length).toBeLessThanOrEqual(CARDS_MAX);
    expect(new Set(cards.flatMap((card) => card.folded.map((a) => a.id))).size).toBe(200);
  });

  it("keeps a red alert apart from a flood of others", () => {
    const alerts = [...flood(200, (i) => ({ grade: "C", unit: `u${i % 40}` })), alertOf({ id: "red", grade: "A" })];
    const cards = fold(alerts.sort(compare), T0);
    expect(cards.find((card) => card.alert.id === "red")?.folded).toHaveLength(1);
  });

  it("folds no two subjects on a calm day", () => {
    expect(fold(flood(9, () => ({})), T0)).toHaveLength(9);
  });

  it("knows the newest, whatever its grade", () => {
    expect(newestOf([alertOf({ id: "a", grade: "A", raised: T0 - 5 }), alertOf({ id: "c", grade: "C" })])?.id).toBe("c");
    expect(newestOf([])).toBeUndefined();
  });

  it("counts by hour, the present hour last", () => {
    const raised = [60, 3_700, 3_800, 50_000].map((ago, i) => alertOf({ id: `${i}`, raised: T0 - ago }));
    expect(perHour(raised, T0, 3)).toEqual([0, 2, 1]);
  });
});
