/** What went wrong, in the page's words where it has any. */
import { ProblemError } from "@/api/client";
import { known } from "@/i18n";

export function wentWrong(error: unknown): string {
  if (error instanceof ProblemError) return known(`problem.${error.problem.type?.split(":").pop()}`, error.message);
  return error instanceof Error ? error.message : String(error);
}
