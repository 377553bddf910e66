/** The wall by keyboard. */
import type { Key } from "@/i18n";

export const WALL_HELP: readonly (readonly [string, Key])[] = [
  ["1 – 9", "help.pick_camera"],
  ["Enter", "help.focused"],
  ["D", "help.desk"],
  ["H", "help.home"],
  ["M", "help.fit"],
  ["Space", "help.silence"],
  ["?", "help.help"],
];
