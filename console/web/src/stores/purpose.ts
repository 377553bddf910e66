/** Why somebody looks into an interrogation room (law 6): said once a room and shift. The server writes it down, and gives
 * its pictures to this browser only then; of all its tabs only the one in which it was said shows them. */
import { reactive } from "vue";
import { looks } from "@/api/client";
import { ProblemError } from "@/api/errors";
import type { CameraRow } from "@/api/types";
import { seconds } from "@/domain/time";
import { now } from "./clock";

const STORED = "ducha.purposes";

type Watched = Pick<CameraRow, "id" | "room">;

interface Purpose {
  text: string;
  /** Unix seconds of the server. */
  until: number;
}

const storage = typeof sessionStorage === "undefined" ? null : sessionStorage;

function stored(): Record<string, Purpose> {
  try {
    return JSON.parse(storage?.getItem(STORED) ?? "{}") as Record<string, Purpose>;
  } catch {
    return {};
  }
}

const purposes = reactive<Record<string, Purpose>>(stored());

/** Why a purpose that was given opens nothing any more: its shift is over, or the server does not know this browser. */
export type Ended = "over" | "unknown";
const ended = reactive<Record<string, Ended>>({});

const nameOf = ({ id, room }: Watched): string => room ?? id;

/** What was said for this room, or camera without one; empty where nothing was, or a shift ago. */
export function purposeFor(room: string): string {
  const purpose = purposes[room];
  return purpose && now.value < purpose.until ? purpose.text : "";
}

/** Why what was said for this room, or camera without one, holds no longer; null where nothing was said, or it holds. */
export function endedFor(room: string): Ended | null {
  const purpose = purposes[room];
  if (!purpose) return ended[room] ?? null;
  return now.value < purpose.until ? null : "over";
}

/** Says it to the server; fails with its problem where that does not take it. */
export async function givePurpose(camera: Watched, text: string): Promise<void> {
  const { id, room } = camera;
  const told = await looks.begin(room === null ? { camera: id, purpose: text } : { room, purpose: text });
  purposes[nameOf(camera)] = { text: told.purpose, until: seconds(told.until) ?? 0 };
  keep();
}

/** What the server says of a picture of `camera`: where it asks for a purpose, the one that this page holds is none. */
export function heed(error: unknown, camera: Watched): void {
  if (!(error instanceof ProblemError) || error.kind !== "purpose") return;
  forget(nameOf(camera), error.problem.ended ? "over" : "unknown");
}

function forget(room: string, why: Ended): void {
  if (!purposes[room]) return;
  ended[room] = endedFor(room) ?? why;
  delete purposes[room];
  keep();
}

function keep(): void {
  storage?.setItem(STORED, JSON.stringify(purposes));
}

/** A tab outlives what the server keeps, and the cookie by which it knows this browser: then it is asked for again. */
async function confirm(): Promise<void> {
  const kept = (await looks.inForce()).items.map((look) => look.room ?? look.camera);
  for (const room of Object.keys(purposes)) if (!kept.includes(room)) forget(room, "unknown");
}

if (Object.keys(purposes).length) void confirm().catch(() => undefined);
