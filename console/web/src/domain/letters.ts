/** Why a message could not be read, in the screen's words; ingest's own, which name the place and the value, stand below. */
import { t, type Key } from "@/i18n";

const FIGURES: Readonly<Record<string, Key>> = {
  lat: "intake.why.lat",
  lon: "intake.why.lon",
  vel: "intake.why.vel",
  cog: "intake.why.cog",
  acc: "intake.why.acc",
};
/** The first that fits. What is in an element of an array begins with which of how many. */
const KINDS: readonly (readonly [RegExp, Key])[] = [
  [/^not a device's topic/, "intake.why.topic"],
  [/^refused by /, "intake.why.refused"],
  [/expected at most \d+ (bytes|elements)/, "intake.why.size"],
  [/^expected JSON/, "intake.why.json"],
  [/^expected online or offline/, "intake.why.status"],
  [/\btst: expected Unix seconds/, "intake.why.time"],
];

export function whyUnread(reason: string): string {
  const kind = KINDS.find(([pattern]) => pattern.test(reason));
  if (kind) return t(kind[1]);
  const figure = FIGURES[/\b(lat|lon|vel|cog|acc): expected -?\d/.exec(reason)?.[1] ?? ""];
  return figure ? t("intake.why.range", { figure: t(figure) }) : t("intake.why.form");
}
