import { describe, expect, it } from "vitest";
import type { AlertDetail, HistoryRow } from "@/api/types";
import { stepsOf } from "./steps";

const row = (action: string, from_state: string, to_state: string): HistoryRow => ({
  at: "2026-01-05T08:00:00Z",
  actor: "desk",
  action,
  from_state,
  to_state,
  code: null,
  note: null,
});
const how = (state: AlertDetail["state"], ...history: HistoryRow[]) => stepsOf({ state, history }).map((s) => s.how);

describe("the steps of an alert", () => {
  it("leaves out what nobody did, though a later step was done", () => {
    const closed = [row("ack", "NEW", "ACKED"), row("resolve", "ACKED", "CLOSED")];
    expect(how("CLOSED", ...closed)).toEqual(["done", "done", "skipped", "skipped", "done"]);
    expect(how("EXPLAINED", row("ack", "NEW", "ACKED"), row("explain", "ACKED", "EXPLAINED"))).toEqual([
      "done",
      "done",
      "skipped",
      "done",
      "to-come",
    ]);
  });

  it("begins anew where the alert was reopened", () => {
    const reopened = [
      row("ack", "NEW", "ACKED"),
      row("dispatch", "ACKED", "DISPATCHED"),
      row("resolve", "DISPATCHED", "CLOSED"),
      row("reopen", "CLOSED", "NEW"),
      row("ack", "NEW", "ACKED"),
      row("resolve", "ACKED", "CLOSED"),
    ];
    expect(how("CLOSED", ...reopened)).toEqual(["done", "done", "skipped", "skipped", "done"]);
    expect(how("NEW", ...reopened.slice(0, 4))).toEqual(["done", "to-come", "to-come", "to-come", "to-come"]);
  });

  it("takes no escalation, note or return from the shelf for a step", () => {
    const history = [
      row("escalate", "NEW", "NEW"),
      row("ack", "NEW", "ACKED"),
      row("note", "ACKED", "ACKED"),
      row("shelve", "ACKED", "SHELVED"),
      row("unshelve", "SHELVED", "ACKED"),
    ];
    const steps = stepsOf({ state: "ACKED", history });
    expect(steps[1]).toMatchObject({ how: "done", here: true, by: { action: "ack" } });
    expect(steps.filter((s) => s.how === "to-come")).toHaveLength(3);
  });

  it("has none beside the straight way", () => {
    expect(how("SHELVED", row("shelve", "NEW", "SHELVED"))).toEqual([]);
  });
});
