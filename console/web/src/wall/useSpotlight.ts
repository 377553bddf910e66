/** The alert in the wall's focus, moved along by the clock. */
import { computed, shallowRef, watch } from "vue";
import { dark, turn, type Spotlight } from "@/domain/spotlight";
import { byId, queue } from "@/stores/alerts";
import { now } from "@/stores/clock";

export function useSpotlight() {
  const spotlight = shallowRef<Spotlight>(dark);
  watch([now, queue], () => (spotlight.value = turn(spotlight.value, queue.value, now.value)), { immediate: true });
  return computed(() => (spotlight.value.id ? (byId(spotlight.value.id) ?? null) : null));
}
