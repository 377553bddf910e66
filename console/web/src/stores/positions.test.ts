import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PositionRow } from "@/api/types";
import { T0 } from "@/domain/fixtures";
import { iso } from "@/domain/time";
import { fleet, loadPositions, takePositions } from "./positions";

/** The server's answers, each to be sent when the test says so. */
let answers: ((items: PositionRow[]) => void)[] = [];

beforeEach(() => {
  answers = [];
  vi.stubGlobal(
    "fetch",
    () =>
      new Promise<Response>((done) => {
        answers.push((items) => done(Response.json({ at: iso(T0), items })));
      }),
  );
});
afterEach(() => vi.unstubAllGlobals());

const row = (device: string, part: Partial<PositionRow> = {}): PositionRow => ({
  device,
  kind: "officer",
  unit: null,
  name: null,
  t: iso(T0),
  lon: 106,
  lat: 38,
  speed: null,
  heading: null,
  accuracy: null,
  heard_at: null,
  status: "online",
  duty: "d1",
  duty_kind: "patrol",
  ...part,
});
const sent = (n: number) => vi.waitFor(() => expect(answers).toHaveLength(n));

describe("where everybody is", () => {
  it("is asked for once more where it was wanted while an answer was on its way, which may be older", async () => {
    const first = loadPositions();
    const [second, third] = [loadPositions(), loadPositions()];
    await sent(1);
    answers[0]!([]);
    await first;
    await sent(2);
    answers[1]!([row("only-in-the-second")]);
    await Promise.all([second, third]);
    expect(fleet.slot("only-in-the-second")).toBeDefined();
    expect(answers).toHaveLength(2);
  });

  it("names a device that was first heard after the answer was made", async () => {
    const first = loadPositions();
    await sent(1);
    takePositions({ at: iso(T0), items: [["heard-late", T0, 106, 38, null, null, null]] });
    answers[0]!([]);
    await first;
    await sent(2);
    answers[1]!([row("heard-late")]);
    await vi.waitFor(() => expect(fleet.who[fleet.slot("heard-late")!]?.kind).toBe("officer"));
  });

  it("keeps what the stream said of a device while an older answer was on its way", async () => {
    const before = loadPositions();
    await sent(1);
    answers[0]!([row("came-back", { status: "offline" }), row("went", { status: "online" })]);
    await before;
    const slow = loadPositions();
    await sent(2);
    takePositions({ at: iso(T0), items: [], statuses: { "came-back": "online", went: "offline" } });
    answers[1]!([row("came-back", { status: "offline" }), row("went", { status: "online" })]);
    await slow;
    const age = (device: string) => fleet.age(fleet.slot(device)!, T0);
    expect([age("came-back"), age("went")]).toEqual(["fresh", "stale"]);
  });

  it("is asked for again after an answer that did not come", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
    await expect(loadPositions()).rejects.toThrow();
    await expect(loadPositions()).rejects.toThrow();
  });
});
