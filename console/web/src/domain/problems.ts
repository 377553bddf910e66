/** What went wrong, in the words of the screen: what it is and what to do. */
import { NoAnswer, ProblemError } from "@/api/errors";
import type { Problem } from "@/api/types";
import { known, t, type Key } from "@/i18n";

/** What a form calls its fields, by their names in requests. */
export type Labels = Readonly<Record<string, Key>>;

export interface Told {
  words: string;
  /** What the server or the browser said itself, in English; empty where it adds nothing. */
  said: string;
  by: "server" | "browser";
}

export function told(error: unknown, labels: Labels = {}): Told {
  if (error instanceof ProblemError) return { words: worded(error, labels), said: error.message, by: "server" };
  if (error instanceof NoAnswer) return { words: t(`problem.${error.why}`), said: "", by: "browser" };
  return { words: t("problem.page"), said: error instanceof Error ? error.message : String(error), by: "browser" };
}

/** By the kind; where that is none of ours, as when a proxy answers for the server, by the status. */
function worded({ status, kind, problem }: ProblemError, labels: Labels): string {
  const { state = "", action = "" } = problem;
  const values = { state: known(`state.${state}`, state), action: known(`act.${action}`, action) };
  const byStatus = known(`problem.${status}`, t(status >= 500 ? "problem.500" : "problem.other"));
  const words = known(`problem.${kind}`, byStatus, values);
  const fields = fieldsOf(problem, labels).join(t("problem.between"));
  return fields ? t("problem.fields", { words, fields }) : words;
}

/** The form's own names for what the problem is about: `cameras.0` is in the field of `cameras`. */
function fieldsOf({ where, errors }: Problem, labels: Labels): string[] {
  const places = errors?.length ? errors.map((one) => one.where) : [where ?? ""];
  const keys = places.map((place) => labels[place] ?? labels[place.split(".")[0]!]);
  return [...new Set(keys)].filter((key) => key !== undefined).map((key) => t(key));
}
