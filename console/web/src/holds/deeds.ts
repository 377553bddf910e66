/** What a person can do with a hold; and the keys of the screen. */
import type { HoldRow } from "@/api/types";
import type { Key } from "@/i18n";

export type Deed = "release";
export const DEED_KEYS: Record<Deed, string> = { release: "R" };

export const isInForce = (row: HoldRow): boolean => row.released_at === null;

/** What the help sheet says. */
export const HOLDS_HELP: readonly [string, Key][] = [
  ["J / K · ↑ / ↓", "help.move"],
  ["N", "holds.ask"],
  [DEED_KEYS.release, "holds.release"],
  ["F", "holds.next_filter"],
  ["Space", "help.silence"],
  ["?", "help.help"],
  ["Esc", "help.back"],
];
