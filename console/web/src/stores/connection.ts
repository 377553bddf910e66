/** Whether what is on the screen is the present. */
import { computed, ref } from "vue";

/** The server speaks every 2 s; a banner must be up within 5 s of its silence. */
export const LOST_AFTER_MS = 4_000;

const heardAt = ref(Date.now());
const local = ref(Date.now());

export const lostSince = computed<number | null>(() =>
  local.value - heardAt.value > LOST_AFTER_MS ? heardAt.value / 1000 : null,
);
export const lostFor = computed(() => (local.value - heardAt.value) / 1000);

export function heard(): void {
  heardAt.value = Date.now();
}

export function watchConnection(): () => void {
  const timer = setInterval(() => (local.value = Date.now()), 500);
  return () => clearInterval(timer);
}
