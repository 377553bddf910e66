/** What a person can do with an export, by its state; and the keys of the screen. */
import type { ExportRow } from "@/api/types";
import type { Key } from "@/i18n";

export type Deed = "approve" | "reject" | "download";

const STATES: Record<Deed, readonly ExportRow["state"][]> = {
  approve: ["requested", "failed", "removed"],
  reject: ["requested", "failed"],
  download: ["ready"],
};

export const DEEDS = Object.keys(STATES) as Deed[];
export const DEED_KEYS: Record<Deed, string> = { approve: "A", reject: "X", download: "D" };

export const canDo = (row: ExportRow, deed: Deed): boolean => STATES[deed].includes(row.state);

/** What the help sheet says. */
export const EXPORTS_HELP: readonly [string, Key][] = [
  ["J / K · ↑ / ↓", "help.move"],
  ["N", "exports.ask"],
  [DEED_KEYS.approve, "exports.approve"],
  [DEED_KEYS.reject, "exports.reject"],
  [DEED_KEYS.download, "exports.download"],
  ["Space", "help.silence"],
  ["?", "help.help"],
  ["Esc", "help.back"],
];
