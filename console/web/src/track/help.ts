/** What the help sheet of the tracks says. */
import type { Key } from "@/i18n";

export const TRACK_HELP: readonly [string, Key][] = [
  ["P", "help.play"],
  ["− +", "evidence.key_speed"],
  ["/", "help.search"],
  ["?", "help.help"],
  ["Esc", "help.back"],
];
