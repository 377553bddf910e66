/** Several reels on one clock, the time of day: what one of them waits for, all wait for. */
import { onBeforeUnmount, reactive, ref, shallowReactive, watch, type Ref } from "vue";
import { nextRecorded, spotAt, type Stretch } from "@/domain/recording";
import { Reel } from "./reel";

export const SPEEDS = [0.5, 1, 2, 4, 8, 16] as const;
export type Speed = (typeof SPEEDS)[number];
const TICK_MS = 40;
/** Into the picture that was stepped to, so that rounding does not lead to its neighbour. */
const INTO_S = 0.002;

export interface Lane {
  camera: string;
  video: Stretch[];
  audio: Stretch[];
}

export function useDeck(lanes: Ref<Lane[]>, span: Ref<readonly [number, number]>, mayLook: (camera: string) => boolean) {
  const at = ref(span.value[0]);
  const playing = ref(false);
  const waiting = ref(false);
  const speed = ref<Speed>(1);
  /** Whose sound is heard; empty for none. */
  const heard = ref("");
  const reels = shallowReactive(new Map<string, Reel>());
  const sound = shallowReactive<{ reel: Reel | null }>({ reel: null });
  let stepping = false;
  let lastMs = performance.now();

  function mount(camera: string, element: HTMLVideoElement): void {
    reels.set(camera, new Reel(element, camera, "video"));
  }

  function unmount(camera: string): void {
    reels.get(camera)?.close();
    reels.delete(camera);
  }

  /** Each reel with what there is of it; a picture, and the sound of one. */
  function* heads(): Generator<[Reel, Stretch[]]> {
    for (const lane of lanes.value) {
      const reel = reels.get(lane.camera);
      if (!mayLook(lane.camera)) continue;
      if (reel) yield [reel, lane.video];
      if (lane.camera === heard.value && sound.reel) yield [sound.reel, lane.audio];
    }
  }

  function tick(): void {
    const presentMs = performance.now();
    const passedS = (presentMs - lastMs) / 1000;
    lastMs = presentMs;
    if (stepping) return;
    const all = [...heads()];
    const wanted = all.filter(([, stretches]) => spotAt(stretches, at.value).kind === "recorded");
    waiting.value = wanted.some(([reel]) => !reel.isReady);
    const going = playing.value && !waiting.value;
    if (going) at.value = Math.min(span.value[1], at.value + passedS * speed.value);
    if (at.value >= span.value[1]) playing.value = false;
    for (const [reel, stretches] of all) {
      const next = nextRecorded(stretches, at.value);
      // In a gap it already waits at the gap's end.
      if (next === null) reel.element.pause();
      else reel.follow(next, going && next === at.value ? speed.value : 0);
    }
  }

  function seek(t: number): void {
    at.value = Math.min(span.value[1], Math.max(span.value[0], t));
    tick();
  }

  function toggle(): void {
    if (!playing.value && at.value >= span.value[1]) at.value = span.value[0];
    playing.value = !playing.value;
  }

  function faster(by: 1 | -1): void {
    const next = SPEEDS.indexOf(speed.value) + by;
    speed.value = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, next))]!;
  }

  /** One picture on or back, of the first camera that shows one; the others go with it. */
  async function step(direction: 1 | -1): Promise<void> {
    playing.value = false;
    const leader = [...heads()].find(([reel]) => reel !== sound.reel && reel.state.shown !== null && reel.isReady)?.[0];
    if (!leader || stepping) return;
    stepping = true;
    const shown = await leader.step(direction).finally(() => (stepping = false));
    if (shown !== null) seek(shown + INTO_S);
  }

  watch(heard, (camera) => {
    sound.reel?.close();
    sound.reel?.element.pause();
    sound.reel = camera ? new Reel(new Audio(), camera, "audio") : null;
  });

  const timer = setInterval(tick, TICK_MS);
  onBeforeUnmount(() => {
    clearInterval(timer);
    heard.value = "";
    for (const camera of [...reels.keys()]) unmount(camera);
    sound.reel?.close();
    sound.reel?.element.pause();
  });

  return reactive({ at, playing, waiting, speed, heard, reels, sound, mount, unmount, seek, toggle, faster, step });
}

export type Deck = ReturnType<typeof useDeck>;
