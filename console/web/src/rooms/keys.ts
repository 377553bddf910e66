/** The keys of the screen of rooms. */
import type { Key } from "@/i18n";
import type { Step } from "./selection";

export const STEP_KEYS = { open: "O", "sign-in": "I", "sign-out": "X", close: "C" } as const satisfies Record<Step, string>;

/** What the help sheet says. */
export const ROOMS_HELP: readonly [string, Key][] = [
  ["J / K · ↑ / ↓", "help.move"],
  ["1–9", "help.pick_room"],
  [STEP_KEYS.open, "session.open"],
  [STEP_KEYS["sign-in"], "session.sign-in"],
  [STEP_KEYS["sign-out"], "session.sign-out"],
  [STEP_KEYS.close, "session.close"],
  ["V · Enter", "help.room_video"],
  ["A", "help.room_alert"],
  ["Space", "help.silence"],
  ["?", "help.help"],
  ["Esc", "help.back"],
];
