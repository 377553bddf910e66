/** The state of the system itself, as the server says it every two seconds. */
import { shallowRef } from "vue";
import { api } from "@/api/client";
import type { SystemState } from "@/api/types";
import { setServerTime } from "./clock";

export const system = shallowRef<SystemState | null>(null);

export function takeSystem(state: SystemState): void {
  system.value = state;
  setServerTime(state.at);
}

export async function loadSystem(): Promise<void> {
  takeSystem(await api.system());
}
