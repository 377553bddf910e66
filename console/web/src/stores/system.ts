/** The state of the system itself, as the server says it every two seconds. */
import { shallowRef } from "vue";
import { api } from "@/api/client";
import type { SystemState } from "@/api/types";
import { setServerTime } from "./clock";
import { source } from "./source";

/** Whether the server has said how it is. */
export const systemKnown = source();

export const system = shallowRef<SystemState | null>(null);

export function takeSystem(state: SystemState): void {
  systemKnown.arrived();
  system.value = state;
  setServerTime(state.at);
}

export async function loadSystem(): Promise<void> {
  takeSystem(await systemKnown.read(api.system));
}
