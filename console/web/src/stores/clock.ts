/** The server's clock, as far as we know it: ages and countdowns are told by it, not by this machine's. */
import { ref } from "vue";
import { seconds } from "@/domain/time";

const TICK_MS = 500;
let offsetS = 0;

/** Server time in Unix seconds; moves twice a second. */
export const now = ref(Date.now() / 1000);

/** How often the server's clock turned out to be another than we took it for; the first time with its first answer. */
export const steps = ref(0);

export function nowExactly(): number {
  return Date.now() / 1000 + offsetS;
}

export function setServerTime(at: string | number): void {
  const server = seconds(at);
  if (server === null) return;
  const measured = server - Date.now() / 1000;
  // Transport only ever makes the server look older: creep towards it, but follow a real step at once.
  const isStep = Math.abs(measured - offsetS) > 2;
  offsetS = isStep ? measured : offsetS + 0.1 * (measured - offsetS);
  now.value = nowExactly();
  if (isStep) steps.value++;
}

export function startClock(): () => void {
  const timer = setInterval(() => (now.value = nowExactly()), TICK_MS);
  return () => clearInterval(timer);
}
