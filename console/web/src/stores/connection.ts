/** Whether what is on the screen is the present. */
import { computed, ref, watchEffect } from "vue";
import { nowExactly } from "./clock";

/** The server speaks every 2 s; a banner must be up within 5 s of its silence. */
export const LOST_AFTER_MS = 4_000;
const LOOK_MS = 250;
/** A look that comes later than this came late because the page stood still, with the server's words unread. */
const STOOD_STILL_MS = 1_000;

/** By this page's own steady clock: the machine's may be set. */
const heardMs = ref(performance.now());
const local = ref(performance.now());
let heardAt = nowExactly();

const silentMs = computed(() => local.value - heardMs.value);
export const lost = computed(() => silentMs.value > LOST_AFTER_MS);
/** Since when, by the server's clock; null while it speaks. */
export const lostSince = computed<number | null>(() => (lost.value ? heardAt : null));
export const lostFor = computed(() => silentMs.value / 1000);

export function heard(): void {
  heardMs.value = performance.now();
  heardAt = nowExactly();
}

function look(): void {
  if (performance.now() - local.value > STOOD_STILL_MS) setTimeout(judge); // after what waits to be heard
  else judge();
}

function judge(): void {
  local.value = performance.now();
}

/** Watches, and marks the page where the connection is lost: figures on it are then grey (`styles/base.css`). */
export function watchConnection(): () => void {
  const timer = setInterval(look, LOOK_MS);
  const stop = watchEffect(() => document.documentElement.toggleAttribute("data-lost", lost.value));
  return () => {
    clearInterval(timer);
    stop();
  };
}
