/** What a person can do with an export, by its state. */
import type { ExportRow } from "@/api/types";

export type Deed = "approve" | "reject" | "download";

const STATES: Record<Deed, readonly ExportRow["state"][]> = {
  approve: ["requested", "failed", "removed"],
  reject: ["requested", "failed"],
  download: ["ready"],
};

export const DEEDS = Object.keys(STATES) as Deed[];
export const DEED_KEYS: Record<Deed, string> = { approve: "A", reject: "X", download: "D" };

export const canDo = (row: ExportRow, deed: Deed): boolean => STATES[deed].includes(row.state);
