/** Why somebody looks into an interrogation room (law 6): asked once a room and shift, and only this tab knows it. */
import { reactive } from "vue";

const STORED = "ducha.purposes";
const SHIFT_S = 12 * 3600;

interface Purpose {
  text: string;
  givenAt: number;
}

function stored(): Record<string, Purpose> {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "{}") as Record<string, Purpose>;
  } catch {
    return {};
  }
}

const purposes = reactive<Record<string, Purpose>>(typeof sessionStorage === "undefined" ? {} : stored());

/** What was said for this room, or camera without one; empty where nothing was, or a shift ago. */
export function purposeFor(room: string): string {
  const purpose = purposes[room];
  return purpose && Date.now() / 1000 - purpose.givenAt < SHIFT_S ? purpose.text : "";
}

export function givePurpose(room: string, text: string): void {
  purposes[room] = { text, givenAt: Date.now() / 1000 };
  sessionStorage.setItem(STORED, JSON.stringify(purposes));
}
