/** How far an alert has come, from what was really done: a step that was left out never counts as done. */
import type { AlertDetail, HistoryRow } from "@/api/types";

const STEPS = [
  ["NEW", null],
  ["ACKED", "ack"],
  ["DISPATCHED", "dispatch"],
  ["EXPLAINED", "explain"],
  ["CLOSED", "resolve"],
] as const;

export interface Step {
  step: (typeof STEPS)[number][0];
  how: "done" | "skipped" | "to-come";
  /** What did it, for a step that somebody did; the alert itself began it. */
  by: HistoryRow | null;
  here: boolean;
}

/** The steps of an alert on its straight way; none where it is beside it: shelved, false, cleared. */
export function stepsOf({ state, history }: Pick<AlertDetail, "state" | "history">): Step[] {
  const reached = STEPS.findIndex(([step]) => step === state);
  if (reached < 0) return [];
  // What was done before it was taken up again is history, and not how far it has come.
  const round = history.slice(history.findLastIndex((row) => row.to_state === "NEW" && row.from_state !== "NEW") + 1);
  return STEPS.map(([step, action], index) => {
    const by = round.findLast((row) => row.action === action) ?? null;
    const was = by !== null || action === null ? "done" : "skipped";
    return { step, how: index > reached ? "to-come" : was, by: index > reached ? null : by, here: index === reached };
  });
}
