/** The desk by keyboard; a handler under a capital letter is for that letter with Shift. Silent while somebody types or composes Chinese. */
import { onBeforeUnmount, onMounted } from "vue";
import type { Key } from "@/i18n";
import type { ActionName } from "./selection";

export const ACTION_KEYS = {
  ack: "A",
  dispatch: "D",
  explain: "E",
  resolve: "C",
  shelve: "S",
  "false-alarm": "F",
  note: "N",
  reopen: "R",
} as const satisfies Record<ActionName, string>;

/** What the help sheet says. */
export const DESK_HELP: readonly [string, Key][] = [
  ["J / K · ↑ / ↓", "help.move"],
  ["G", "help.newest"],
  ["[ · ]", "help.tabs"],
  ["1 2 3 · 0", "help.grades"],
  ["O", "help.order"],
  ["Enter", "help.open"],
  [ACTION_KEYS.ack, "act.ack"],
  [`⇧${ACTION_KEYS.ack}`, "help.act_next"],
  [ACTION_KEYS.dispatch, "act.dispatch"],
  [ACTION_KEYS.explain, "act.explain"],
  [ACTION_KEYS.resolve, "act.resolve"],
  [ACTION_KEYS.shelve, "act.shelve"],
  [ACTION_KEYS["false-alarm"], "act.false-alarm"],
  [ACTION_KEYS.note, "act.note"],
  [ACTION_KEYS.reopen, "act.reopen"],
  ["U", "help.undo"],
  ["V", "help.pictures"],
  ["M", "help.fit"],
  ["P", "help.play"],
  ["Space", "help.silence"],
  ["/", "help.search"],
  ["?", "help.help"],
  ["Esc", "help.back"],
];

export function useKeys(handlers: Record<string, () => void>, typing: () => void): void {
  const press = (event: KeyboardEvent) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (target.closest("input:not([type=range]), textarea, select")) {
      if (event.key === "Escape") typing();
      return;
    }
    // A focused button answers Enter and Space itself.
    if (target.closest("button, a") && (event.key === "Enter" || event.key === " ")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const handler = (event.shiftKey ? handlers[key.toUpperCase()] : undefined) ?? handlers[key];
    if (!handler) return;
    event.preventDefault();
    handler();
  };
  onMounted(() => addEventListener("keydown", press));
  onBeforeUnmount(() => removeEventListener("keydown", press));
}
