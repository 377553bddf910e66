/** What stands still: the plan's shapes and the base map, and the words for places that follow from them. */
import { computed, shallowRef } from "vue";
import { api } from "@/api/client";
import type { Basemap, PlanDocument } from "@/api/types";
import { Gazetteer } from "@/domain/places";
import { normalise } from "@/map/basemap";
import { source } from "./source";

/** Whether the plan is known; there may be none. */
export const planKnown = source();

export const plan = shallowRef<PlanDocument | null>(null);
export const basemap = shallowRef<Basemap | null>(null);
export const gazetteer = computed(() => new Gazetteer(basemap.value));

const names = computed(
  () => new Map((plan.value?.features ?? []).map((f) => [String(f.id), String(f.properties?.["name"] ?? f.id)])),
);
/** The name of a shape of the plan; its id when it has none. */
export const shapeName = (id: string): string => names.value.get(id) ?? id;

const deviceNames = computed(() => new Map((plan.value?.devices ?? []).map((d) => [d.id, d])));
/** What the plan calls a device, and of which kind it says it is. */
export function planned(device: string): { kind: string | null; name: string | null } {
  const found = deviceNames.value.get(device);
  return { kind: found?.kind ?? null, name: found?.name ?? null };
}

export async function loadCounty(): Promise<void> {
  const [p, b] = await Promise.allSettled([planKnown.read(api.plan), basemap.value ? basemap.value : api.basemap()]);
  if (p.status === "fulfilled") plan.value = p.value;
  if (b.status === "fulfilled" && b.value) basemap.value = b.value === basemap.value ? b.value : normalise(b.value);
  for (const result of [p, b]) if (result.status === "rejected") throw result.reason;
}
