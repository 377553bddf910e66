/** The opened row stays in sight, also where the list it came from no longer has it or has not got to it yet. */
import { seconds } from "@/domain/time";

export function withOpened<Row extends { id: string }>(
  rows: readonly Row[],
  opened: Row | null,
  at: (row: Row) => string,
): Row[] {
  if (!opened || rows.some((row) => row.id === opened.id)) return [...rows];
  const moment = (row: Row) => seconds(at(row)) ?? 0;
  const older = rows.findIndex((row) => moment(row) < moment(opened));
  return older < 0 ? [...rows, opened] : rows.toSpliced(older, 0, opened);
}
