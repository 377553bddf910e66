/** The server's clock, as far as we know it: ages and countdowns are told by it, not by this machine's. */
import { ref } from "vue";
import { seconds } from "@/domain/time";

const TICK_MS = 500;
/** A difference that is no matter of transport. */
const STEP_S = 2;
/** For how long all that comes must be late until it was the server's clock that was set back, and not the line. */
const SET_BACK_MS = 20_000;

let offsetS = 0;
let isKnown = false;
/** Since when all that came was late, and the least late of it. */
let late: { sinceMs: number; offsetS: number } | null = null;

/** Server time in Unix seconds; moves twice a second. */
export const now = ref(Date.now() / 1000);

/** How often the server's clock turned out to be another than we took it for; the first time with its first answer. */
export const steps = ref(0);

export function nowExactly(): number {
  return Date.now() / 1000 + offsetS;
}

/** The server said that it was `at`: now, or earlier. Transport only ever makes it look older. */
export function setServerTime(at: string | number): void {
  const server = seconds(at);
  if (server === null) return;
  const measured = server - Date.now() / 1000;
  const isBehind = isKnown && measured < offsetS - STEP_S;
  if (isBehind && !stays(measured)) return;
  const moved = isBehind ? late!.offsetS : measured;
  const isStep = Math.abs(moved - offsetS) > STEP_S;
  offsetS = isStep ? moved : offsetS + 0.1 * (moved - offsetS);
  [isKnown, late] = [true, null];
  now.value = nowExactly();
  if (isStep) steps.value++;
}

/** Whether what is late has been for so long that it is not. */
function stays(measured: number): boolean {
  const ms = performance.now();
  late = { sinceMs: late?.sinceMs ?? ms, offsetS: Math.max(late?.offsetS ?? -Infinity, measured) };
  return ms - late.sinceMs >= SET_BACK_MS;
}

export function startClock(): () => void {
  const timer = setInterval(() => (now.value = nowExactly()), TICK_MS);
  return () => clearInterval(timer);
}
