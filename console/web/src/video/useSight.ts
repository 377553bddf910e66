/** What one tile shows of its camera. */
import { computed, onBeforeUnmount, shallowRef, watch } from "vue";
import { isStale } from "@/domain/tiles";
import { now, nowExactly } from "@/stores/clock";
import { dark, watchCamera, type Sight } from "./watch";

/** Nothing is looked at while `camera` is empty. */
export function useSight(camera: () => string) {
  const sight = shallowRef<Sight>(dark);
  /** When the newest picture was seen, by this page's clock and by the server's. */
  let newest = { ms: performance.now(), at: nowExactly() };
  let stop = () => {};

  function forget(url: string): void {
    if (url) URL.revokeObjectURL(url);
  }

  function tell(change: Partial<Sight>): void {
    const before = sight.value;
    const ms = change.seenMs;
    if (ms) newest = { ms, at: nowExactly() - (performance.now() - ms) / 1000 };
    sight.value = { ...before, ...change };
    if (before.still !== sight.value.still) forget(before.still);
  }

  watch(
    camera,
    (id) => {
      stop();
      forget(sight.value.still);
      sight.value = dark;
      newest = { ms: performance.now(), at: nowExactly() };
      stop = id ? watchCamera(id, tell) : () => {};
    },
    { immediate: true },
  );
  onBeforeUnmount(() => {
    stop();
    forget(sight.value.still);
  });

  /** When, by the server's clock, the picture was lost; null while there is one, or the first is still awaited: what was
   * never seen was not lost. */
  const lost = computed(() => {
    void now.value;
    if (sight.value.seenMs === null) return null;
    const ageS = (performance.now() - newest.ms) / 1000;
    return isStale(ageS, sight.value.mode === "still") ? newest.at : null;
  });
  return { sight, lost };
}
