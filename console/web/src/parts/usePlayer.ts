/** A play head over a span of time: paused, playing at ×1–×64, or following the present. */
import { computed, onBeforeUnmount, ref, watch, type Ref } from "vue";

export const SPEEDS = [1, 2, 4, 8, 16, 32, 64] as const;
const FRAME_MS = 50;

export function usePlayer(span: Ref<[number, number]>, subject: () => string) {
  /** null follows the end of the span. */
  const head = ref<number | null>(null);
  const playing = ref(false);
  const speed = ref<(typeof SPEEDS)[number]>(8);
  let timer: ReturnType<typeof setInterval> | undefined;

  const at = computed(() => {
    const [from, to] = span.value;
    return head.value === null ? to : Math.min(to, Math.max(from, head.value));
  });
  const live = computed(() => head.value === null);

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
    playing.value = false;
  }

  function play(): void {
    if (head.value === null || head.value >= span.value[1] - 1) head.value = span.value[0];
    playing.value = true;
    let last = performance.now();
    timer = setInterval(() => {
      const present = performance.now();
      head.value = (head.value ?? span.value[0]) + ((present - last) / 1000) * speed.value;
      last = present;
      if (head.value >= span.value[1]) toEnd();
    }, FRAME_MS);
  }

  function toEnd(): void {
    stop();
    head.value = null;
  }

  const toggle = () => (playing.value ? stop() : play());
  const seek = (t: number) => (head.value = t);
  const change = (by: 1 | -1) => {
    const next = SPEEDS.indexOf(speed.value) + by;
    speed.value = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, next))]!;
  };
  const faster = () => change(1);
  const slower = () => change(-1);

  watch(subject, toEnd);
  onBeforeUnmount(stop);

  return { at, live, playing, speed, toggle, seek, faster, slower, toEnd };
}

export type Player = ReturnType<typeof usePlayer>;
