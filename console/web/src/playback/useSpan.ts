/** The period looked at: where it begins, how long it is, and what of it is in sight. */
import { computed, ref, shallowRef, watch } from "vue";
import { pan, reveal, within, zoom, type Range } from "@/domain/ruler";
import { nowExactly, steps } from "@/stores/clock";
import type { Minutes } from "./SpanForm.vue";

/** The last hour, or the hour around a moment. */
export function useSpan(moment: number | null) {
  const minutes = ref<Minutes>(60);
  const lengthS = computed(() => minutes.value * 60);
  const span = shallowRef<Range>([0, 0]);
  const view = shallowRef<Range>([0, 0]);

  const endAt = (to: number) => (span.value = [to - lengthS.value, to]);
  const begin = (from: number) => (span.value = [from, from + lengthS.value]);
  const latest = () => endAt(Math.floor(nowExactly()));
  const around = (t: number) => endAt(Math.min(Math.floor(nowExactly()), t + lengthS.value / 2));
  const turn = (by: 1 | -1) => begin(span.value[0] + by * lengthS.value);

  function last(chosen: Minutes, at: number): void {
    minutes.value = chosen;
    around(at);
  }

  /** What is asked for may lie outside of the period: then the period moves there. */
  function show(t: number): void {
    if (t < span.value[0] || t > span.value[1]) around(t);
    view.value = reveal(view.value, t, span.value);
  }

  const fit = () => (view.value = span.value);
  const zoomBy = (factor: number, at: number) => (view.value = zoom(view.value, factor, at, span.value));
  /** Keeps the playing head in sight. */
  function follow(at: number): void {
    if (at > view.value[1] && at <= span.value[1]) view.value = pan(view.value, view.value[1] - view.value[0], span.value);
    view.value = within(view.value, span.value);
  }

  watch(span, fit, { flush: "sync" });
  const usual = () => (moment === null ? latest() : around(moment));
  let given = usual();
  // Until somebody chooses, the period ends now by the server's clock, which may not be known yet.
  watch(steps, () => {
    if (span.value === given) given = usual();
  });

  return { span, view, minutes, begin, latest, last, turn, show, fit, zoomBy, follow };
}
