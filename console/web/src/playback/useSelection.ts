/** A part of the period, for an export and for verification. */
import { computed, ref, watch, type Ref } from "vue";
import type { Range } from "@/domain/ruler";

export function useSelection(span: Ref<Range>) {
  const from = ref<number | null>(null);
  const to = ref<number | null>(null);
  const isChosen = computed(() => from.value !== null || to.value !== null);
  /** What is selected, or the whole period. */
  const range = computed<[number, number]>(() => [from.value ?? span.value[0], to.value ?? span.value[1]]);

  function begin(at: number): void {
    from.value = at;
    if (to.value !== null && to.value <= at) to.value = null;
  }

  function end(at: number): void {
    to.value = at;
    if (from.value !== null && from.value >= at) from.value = null;
  }

  function clear(): void {
    from.value = to.value = null;
  }

  /** The selection or what surrounds `at`, `longestS` at most, in whole seconds. */
  function upTo(longestS: number, at: number): Range {
    const [a, b] = range.value.map(Math.floor) as [number, number];
    if (b - a <= longestS) return [a, Math.max(b, a + 1)];
    // In steps, so that what is offered does not run along with the clock.
    const begins = isChosen.value ? a : Math.max(a, Math.min(Math.floor(at / 300) * 300 - 300, b - longestS));
    return [begins, begins + longestS];
  }

  watch(span, clear);
  return { from, to, isChosen, range, begin, end, clear, upTo };
}

export type Selection = ReturnType<typeof useSelection>;
