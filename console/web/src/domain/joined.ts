/** What other rules found of the same fact, and this alert tells with its own: a line each. */
import type { AlertRow, Grade } from "@/api/types";
import { factsOf } from "./facts";
import { seconds } from "./time";

export interface JoinedLine {
  rule: string;
  grade: string;
  from: number | null;
  /** Null where it lasted, or lasts, as long as the alert. */
  to: number | null;
  /** Its figures as words. */
  said: string;
}

export function linesOf(alert: AlertRow): JoinedLine[] {
  const told = alert.detail["joined"];
  return (Array.isArray(told) ? told : []).map((line: Record<string, unknown>) => {
    const detail = (line["detail"] ?? {}) as Record<string, unknown>;
    const { rows } = factsOf({ ...alert, rule: String(line["rule"]), grade: String(line["grade"]) as Grade, detail });
    const said = rows.map((fact) => [fact.label, fact.value, fact.limit].filter(Boolean).join(" ")).join(" · ");
    return { rule: String(line["rule"]), grade: String(line["grade"]), from: seconds(line["from"]), to: seconds(line["to"]), said };
  });
}
