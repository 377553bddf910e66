/** Why a request came to nothing: the server says so, or there is no answer. */
import type { Problem } from "./types";

export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
  }

  /** What it is, as the server calls it; undefined where that is none of ours, as when a proxy answers for it. */
  get kind(): string | undefined {
    return this.problem.type?.split(":").at(-1);
  }
}

/** No answer came, not in time, or none that is one of ours. */
export class NoAnswer extends Error {
  constructor(readonly why: "unreachable" | "late" | "unreadable") {
    super(why);
  }
}

/** What `work` of fetching comes to; browsers tell its failures in words of their own, each in others. */
export async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof TypeError) throw new NoAnswer("unreachable");
    if (error instanceof SyntaxError) throw new NoAnswer("unreadable");
    throw error instanceof DOMException && error.name === "TimeoutError" ? new NoAnswer("late") : error;
  }
}
