/** What this page knows of something that the server has: nothing yet, or what it said. Nothing yet is never "none". */
import { computed, ref, shallowRef, type ComputedRef, type ShallowRef } from "vue";

/** `unknown`: not asked for yet; `failed`: asked for, no answer so far; `stale`: what is shown may no longer be so. */
export type Knowledge = "unknown" | "loading" | "failed" | "loaded" | "stale";

export interface Source {
  readonly state: ComputedRef<Knowledge>;
  /** Whether the server has said it at least once: until then there is no figure, no list and no "none". */
  readonly loaded: ComputedRef<boolean>;
  /** Why the last request for it came to nothing; null where it did not, or none was made. */
  readonly error: ShallowRef<unknown>;
  /** Runs a request for it and keeps account of how it went; fails as `work` does. */
  read<T>(work: () => Promise<T>): Promise<T>;
  /** It came by itself, over the event stream. */
  arrived(): void;
}

export function source(): Source {
  const known = ref(false);
  const asking = ref(0);
  const error = shallowRef<unknown>(null);
  const state = computed<Knowledge>(() => {
    if (known.value) return error.value === null ? "loaded" : "stale";
    if (error.value !== null) return "failed";
    return asking.value ? "loading" : "unknown";
  });
  function arrived(): void {
    known.value = true;
    error.value = null;
  }
  return {
    state,
    loaded: computed(() => known.value),
    error,
    arrived,
    async read(work) {
      asking.value++;
      try {
        const answer = await work();
        arrived();
        return answer;
      } catch (why) {
        error.value = why;
        throw why;
      } finally {
        asking.value--;
      }
    },
  };
}
