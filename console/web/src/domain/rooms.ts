/** What a room's row comes down to. */
import type { AlertRow, Grade, RoomRow, SessionPerson, SessionRow } from "@/api/types";
import { compare } from "./queue";

/** Who is in, in the order of coming. */
export const present = (session: SessionRow | null): SessionPerson[] =>
  (session?.people ?? []).filter((person) => person.signed_out === null);

/** The room's open alerts, the gravest first. */
export function alertsOf(room: RoomRow, queue: readonly AlertRow[]): AlertRow[] {
  const ids = new Set(room.cameras.map((camera) => camera.id));
  return queue.filter((alert) => ids.has(alert.device)).sort(compare);
}

const GRADES: readonly Grade[] = ["A", "B", "C"];
export const worst = (alerts: readonly AlertRow[]): Grade | null =>
  GRADES.find((grade) => alerts.some((alert) => alert.grade === grade)) ?? null;

/** How many people have to be there; null where no session is open. */
export function peopleRequired(room: RoomRow): number | null {
  return room.required && room.required.detainees + room.required.officers;
}

/** Whether fewer are counted than have to be there. An empty room is a break, and what nobody saw is not too few. */
export function tooFew(room: RoomRow): boolean {
  const required = peopleRequired(room);
  const { headcount } = room;
  if (required === null || headcount?.state !== "counted") return false;
  const people = headcount.people ?? 0;
  return people > 0 && people < required;
}
