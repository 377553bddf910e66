/** Why somebody looks into an interrogation room (law 6): said once a room and shift. The server writes it down, and gives
 * its pictures to this browser only then; of all its tabs only the one in which it was said shows them. */
import { reactive } from "vue";
import { looks } from "@/api/client";
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

/** What was said for this room, or camera without one; empty where nothing was, or a shift ago. */
export function purposeFor(room: string): string {
  const purpose = purposes[room];
  return purpose && now.value < purpose.until ? purpose.text : "";
}

/** Says it to the server; fails with its problem where that does not take it. */
export async function givePurpose({ id, room }: Watched, text: string): Promise<void> {
  const told = await looks.begin(room === null ? { camera: id, purpose: text } : { room, purpose: text });
  purposes[room ?? id] = { text: told.purpose, until: seconds(told.until) ?? 0 };
  storage?.setItem(STORED, JSON.stringify(purposes));
}

/** A tab outlives what the server keeps, and the cookie by which it knows this browser: then it is asked for again. */
async function confirm(): Promise<void> {
  const kept = (await looks.inForce()).items.map((look) => look.room ?? look.camera);
  for (const room of Object.keys(purposes)) if (!kept.includes(room)) delete purposes[room];
}

if (Object.keys(purposes).length) void confirm().catch(() => undefined);
