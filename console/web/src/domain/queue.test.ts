import { describe, expect, it } from "vitest";
import { T0, alertOf } from "./fixtures";
import { iso } from "./time";
import { compare, escalatesIn, fold, isOpen, perHour } from "./queue";

const order = (alerts: ReturnType<typeof alertOf>[]) => [...alerts].sort(compare).map((a) => a.id);

describe("the queue", () => {
  it("puts A before B before C, then the unacknowledged, then the oldest", () => {
    const alerts = [
      alertOf({ id: "c-old", grade: "C", raised: T0 - 900 }),
      alertOf({ id: "b-new", grade: "B", raised: T0 - 10 }),
      alertOf({ id: "b-acked", grade: "B", raised: T0 - 500, state: "ACKED" }),
      alertOf({ id: "b-old", grade: "B", raised: T0 - 100 }),
      alertOf({ id: "a", grade: "A", raised: T0 }),
    ];
    expect(order(alerts)).toEqual(["a", "b-old", "b-new", "b-acked", "c-old"]);
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

  it("folds a flood of 200 into at most ten cards and loses none", () => {
    const rules = ["signal-lost", "speeding", "missed-checkpoint"];
    const flood = Array.from({ length: 200 }, (_, i) =>
      alertOf({ id: `${i}`, grade: "C", rule: rules[i % 3]!, unit: `u${i % 3}`, raised: T0 - (i % 10) }),
    );
    const cards = fold(flood, T0);
    expect(cards.length).toBeLessThanOrEqual(10);
    expect(cards.flatMap((card) => card.folded)).toHaveLength(200);
  });

  it("folds nothing on a calm day and never a red alert", () => {
    const calm = [alertOf({ id: "1" }), alertOf({ id: "2" })];
    expect(fold(calm, T0)).toHaveLength(2);
    const red = Array.from({ length: 12 }, (_, i) => alertOf({ id: `${i}`, grade: "A" }));
    expect(fold(red, T0)).toHaveLength(12);
  });

  it("counts by hour, the present hour last", () => {
    const raised = [60, 3_700, 3_800, 50_000].map((ago, i) => alertOf({ id: `${i}`, raised: T0 - ago }));
    expect(perHour(raised, T0, 3)).toEqual([0, 2, 1]);
  });
});
