/** Sound is the third sign of a grade: red repeats until acknowledged, orange chimes once, yellow is silent. */
import { computed, ref, watch } from "vue";
import { onNew, unackedRed } from "./alerts";
import { now } from "./clock";

export const MUTE_STEP_S = 30;
export const MUTE_MAX_S = 60;
const RED_EVERY_MS = 5_000;

let audio: AudioContext | null = null;
export const blocked = ref(false);
const mutedUntil = ref(0);
export const mutedFor = computed(() => Math.max(0, Math.ceil(mutedUntil.value - now.value)));

/** Half a minute of quiet, a second press makes it a whole one; never more. Quiet is not acknowledged. */
export function mute(): void {
  const left = Math.max(0, mutedUntil.value - now.value);
  mutedUntil.value = now.value + Math.min(MUTE_MAX_S, left + MUTE_STEP_S);
}

function tone(at: number, hertz: number, lengthS: number, volume: number): void {
  if (!audio) return;
  const [oscillator, gain] = [audio.createOscillator(), audio.createGain()];
  oscillator.type = "triangle";
  oscillator.frequency.value = hertz;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(volume, at + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.001, at + lengthS);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + lengthS);
}

function play(notes: readonly number[], lengthS: number, volume: number): void {
  if (mutedFor.value > 0) return;
  audio ??= new AudioContext();
  blocked.value = audio.state === "suspended";
  if (blocked.value) return;
  notes.forEach((hertz, i) => tone(audio!.currentTime + i * lengthS, hertz, lengthS, volume));
}

const red = () => play([880, 660, 880], 0.28, 0.35);
const chime = () => play([587, 784], 0.4, 0.15);

/** A browser lets a page sound only after somebody touched it. */
export async function allow(): Promise<void> {
  audio ??= new AudioContext();
  await audio.resume();
  blocked.value = audio.state === "suspended";
}

export function startSound(): () => void {
  let repeat: ReturnType<typeof setInterval> | undefined;
  const touch = () => {
    if (blocked.value) void allow();
  };
  const stops = [
    watch(
      () => unackedRed.value.length,
      (count, before = 0) => {
        if (count > before) red();
        if (count && repeat === undefined) repeat = setInterval(red, RED_EVERY_MS);
        if (!count) {
          clearInterval(repeat);
          repeat = undefined;
          blocked.value = false;
        }
      },
      { immediate: true },
    ),
    onNew((row) => {
      if (row.grade === "B") chime();
    }),
  ];
  addEventListener("pointerdown", touch);
  addEventListener("keydown", touch);
  return () => {
    clearInterval(repeat);
    removeEventListener("pointerdown", touch);
    removeEventListener("keydown", touch);
    for (const stop of stops) stop();
  };
}
