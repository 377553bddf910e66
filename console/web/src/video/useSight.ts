/** What one tile shows of its camera. */
import { computed, onBeforeUnmount, shallowRef, watch } from "vue";
import { lostSince } from "@/domain/tiles";
import { now, nowExactly } from "@/stores/clock";
import { dark, watchCamera, type Sight } from "./watch";

export function useSight(camera: () => string) {
  const sight = shallowRef<Sight>(dark);
  const joinedAt = shallowRef(nowExactly());
  let stop = () => {};

  function forget(url: string): void {
    if (url) URL.revokeObjectURL(url);
  }

  function tell(change: Partial<Sight>): void {
    const before = sight.value;
    sight.value = { ...before, ...change };
    if (before.still !== sight.value.still) forget(before.still);
  }

  watch(
    camera,
    (id) => {
      stop();
      forget(sight.value.still);
      sight.value = dark;
      joinedAt.value = nowExactly();
      stop = watchCamera(id, tell);
    },
    { immediate: true },
  );
  onBeforeUnmount(() => {
    stop();
    forget(sight.value.still);
  });

  /** Unix seconds since when there is no picture; null while there is one, or the first is still awaited. */
  const lost = computed(() => lostSince(sight.value.seenAt, joinedAt.value, now.value, sight.value.mode === "still"));
  return { sight, lost };
}
