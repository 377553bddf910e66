/** The rooms as the server sees them, while a screen shows them: whenever it calls out a change, and every three seconds,
 * because nobody calls out a count or a recording. And the steps of a session, one at a time. */
import { ref, shallowRef } from "vue";
import { api, sessions } from "@/api/client";
import type { RoomRow, SessionOpening, SessionPerson } from "@/api/types";
import { nowExactly } from "./clock";
import { source } from "./source";

export const EVERY_S = 3;

/** Whether the rooms are known. */
export const roomsKnown = source();
/** null until they were read once. */
export const rooms = shallowRef<RoomRow[] | null>(null);
/** Why the rooms shown are not the present, and since when (server time); null while they are. */
export const trouble = shallowRef<{ error: unknown; since: number } | null>(null);

const watching = new Set<symbol>();
let timer: ReturnType<typeof setTimeout> | undefined;
let reading = false;
let again = false;

/** Reads the rooms for as long as the screen is there; call what is returned at its end. */
export function watchRooms(): () => void {
  const screen = Symbol();
  watching.add(screen);
  void read();
  return () => {
    watching.delete(screen);
    if (!watching.size) clearTimeout(timer);
  };
}

export function roomsChanged(): void {
  if (watching.size) void read();
}

async function read(): Promise<void> {
  clearTimeout(timer);
  again = reading;
  if (reading) return;
  reading = true;
  const began = nowExactly();
  try {
    rooms.value = (await roomsKnown.read(api.rooms)).items;
    trouble.value = null;
  } catch (error) {
    trouble.value = { error, since: trouble.value?.since ?? began };
  } finally {
    reading = false;
  }
  if (!watching.size) return;
  timer = setTimeout(() => void read(), again ? 0 : EVERY_S * 1000);
}

/** Why the last step was not done; null where it was. */
export const failure = shallowRef<unknown>(null);
export const busy = ref(false);

/** One step; whether the server took it. Where it did not, `failure` is why. */
async function step(work: () => Promise<unknown>): Promise<boolean> {
  if (busy.value) return false;
  busy.value = true;
  failure.value = null;
  try {
    await work();
    await read();
    return true;
  } catch (error) {
    failure.value = error;
    return false;
  } finally {
    busy.value = false;
  }
}

export const openSession = (told: SessionOpening) => step(() => sessions.open(told));
export const signIn = (id: string, name: string, role: SessionPerson["role"]) =>
  step(() => sessions.signIn(id, name, role));
export const signOut = (id: string, name: string) => step(() => sessions.signOut(id, name));
export const closeSession = (id: string) => step(() => sessions.close(id));
