import { describe, expect, it } from "vitest";
import { withOpened } from "./opened";

const row = (id: string, at: string) => ({ id, at: `2026-01-05T${at}Z` });
const rows = [row("c", "08:00:03"), row("b", "08:00:02.5"), row("a", "08:00:01")];
const ids = (opened: { id: string; at: string } | null) => withOpened(rows, opened, ({ at }) => at).map(({ id }) => id);

describe("the list with the opened row", () => {
  it("is the list where the row is in it, or none is opened", () => {
    expect(ids(null)).toEqual(["c", "b", "a"]);
    expect(ids(row("b", "08:00:02.5"))).toEqual(["c", "b", "a"]);
  });

  it.each([
    ["08:00:04", ["x", "c", "b", "a"]],
    ["08:00:02.75", ["c", "x", "b", "a"]],
    ["08:00:00", ["c", "b", "a", "x"]],
  ])("has a row of %s that is in no page where its time puts it", (at, expected) => {
    expect(ids(row("x", at))).toEqual(expected);
  });
});
