import { describe, expect, it } from "vitest";
import type { CameraRow, Headcount, RoomRow, SessionRow } from "@/api/types";
import { alertOf } from "./fixtures";
import { alertsOf, peopleRequired, present, tooFew, worst } from "./rooms";

const camera = (id: string) => ({ id, name: id, state: "live" }) as CameraRow;
const counted = (people: number | null, state: Headcount["state"] = "counted"): Headcount => ({
  camera: "room-1",
  people,
  at: "2026-01-05T08:00:00Z",
  state,
});

function roomOf(part: Partial<RoomRow> = {}): RoomRow {
  return {
    room: "讯问室 1",
    cameras: [camera("room-1")],
    session: null,
    headcount: null,
    required: { detainees: 1, officers: 2, officers_if_recorded: 2 },
    recording: [],
    clocks: [],
    alerts: [],
    ...part,
  };
}

describe("a room", () => {
  it.each([
    [counted(3), false],
    [counted(2), true],
    [counted(0), false],
    [counted(null, "unseen"), false],
    [counted(1, "old"), false],
    [null, false],
  ])("with %o has too few: %s", (headcount, few) => expect(tooFew(roomOf({ headcount }))).toBe(few));

  it("without a session requires nobody", () => {
    const room = roomOf({ required: null, headcount: counted(1) });
    expect([peopleRequired(room), tooFew(room)]).toEqual([null, false]);
  });

  it("has the alerts of its cameras, the gravest first", () => {
    const queue = [
      alertOf({ id: "1", device: "room-1", grade: "C" }),
      alertOf({ id: "2", device: "car-7", grade: "A" }),
      alertOf({ id: "3", device: "room-1", grade: "A" }),
    ];
    const alerts = alertsOf(roomOf(), queue);
    expect(alerts.map((a) => a.id)).toEqual(["3", "1"]);
    expect([worst(alerts), worst([])]).toEqual(["A", null]);
  });

  it("holds those who are signed in and not out", () => {
    const person = { role: "officer", signed_in: "2026-01-05T08:00:00Z" } as const;
    const people = [
      { ...person, name: "张", signed_out: null },
      { ...person, name: "王", signed_out: "2026-01-05T09:00:00Z" },
    ];
    expect(present({ people } as SessionRow).map((p) => p.name)).toEqual(["张"]);
    expect(present(null)).toEqual([]);
  });
});
