/** What the screen of rooms shows: the chosen room, the form that is open in it, the help. */
import { computed, ref } from "vue";
import type { RoomRow } from "@/api/types";
import { present } from "@/domain/rooms";
import { failure, rooms } from "@/stores/rooms";

export type Step = "open" | "sign-in" | "sign-out" | "close";

const name = ref("");
export const form = ref<Step | null>(null);
export const help = ref(false);

/** The room picked last while it is there; else the first. */
export const chosen = computed<RoomRow | null>(
  () => rooms.value?.find((room) => room.room === name.value) ?? rooms.value?.[0] ?? null,
);

export function choose(room: string | undefined): void {
  if (room === undefined || room === chosen.value?.room) return;
  name.value = room;
  leave();
}

export function move(by: number): void {
  const all = rooms.value ?? [];
  const at = all.findIndex((room) => room.room === chosen.value?.room);
  choose(all[Math.min(all.length - 1, Math.max(0, at + by))]?.room);
}

/** Which steps the room's state allows; the first is the next sensible one. */
export function allowed(room: RoomRow): readonly Step[] {
  if (!room.session) return ["open"];
  return present(room.session).length ? ["sign-in", "sign-out", "close"] : ["sign-in", "close"];
}

export function begin(step: Step): void {
  if (!chosen.value || !allowed(chosen.value).includes(step)) return;
  failure.value = null;
  form.value = step;
}

export function leave(): void {
  form.value = null;
}
