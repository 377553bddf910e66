/** What is recorded of the chosen cameras in a span, and the alerts about them; told anew while the span is the present. */
import { onBeforeUnmount, ref, shallowRef, watch, type Ref } from "vue";
import { api } from "@/api/client";
import type { AlertRow } from "@/api/types";
import { stretchesOf, withHoles } from "@/domain/recording";
import { iso, seconds } from "@/domain/time";
import { nowExactly } from "@/stores/clock";
import type { Lane } from "./useDeck";

const AGAIN_MS = 10_000;
const PRESENT_S = 60;
/** What was recorded so lately may not be told yet. */
const UNDER_WAY_S = 15;

export function useRecordings(cameras: Ref<readonly string[]>, span: Ref<readonly [number, number]>) {
  const lanes = shallowRef<Lane[]>([]);
  const alerts = shallowRef<AlertRow[]>([]);
  const failed = shallowRef<unknown>(null);
  const loading = ref(false);
  let asked = 0;

  async function laneOf(camera: string, from: string, to: string): Promise<Lane> {
    const { items } = await api.recordings(camera, from, to);
    const [video, audio] = [stretchesOf(items, "video"), stretchesOf(items, "audio")];
    const [begins, ends] = [seconds(from) ?? 0, Math.min(seconds(to) ?? 0, nowExactly() - UNDER_WAY_S)];
    // A camera that nobody ever heard has no sound to miss.
    return { camera, video: withHoles(video, begins, ends), audio: audio.length ? withHoles(audio, begins, ends) : [] };
  }

  async function alertsOf(device: string, since: string, until: string): Promise<AlertRow[]> {
    return (await api.alerts({ state: "all", device, since, until, limit: 100 })).items;
  }

  async function load(): Promise<void> {
    const [mine, [from, to]] = [++asked, span.value.map(iso) as [string, string]];
    const ids = [...cameras.value];
    loading.value = true;
    try {
      const told = await Promise.all(ids.map((id) => laneOf(id, from, to)));
      const about = await Promise.all(ids.map((id) => alertsOf(id, from, to)));
      if (mine !== asked) return;
      [lanes.value, alerts.value, failed.value] = [told, about.flat(), null];
    } catch (error) {
      if (mine === asked) failed.value = error;
    } finally {
      if (mine === asked) loading.value = false;
    }
  }

  watch(
    [() => cameras.value.join(), span],
    () => {
      lanes.value = lanes.value.filter((lane) => cameras.value.includes(lane.camera));
      void load();
    },
    { immediate: true },
  );
  const timer = setInterval(() => {
    if (cameras.value.length && (failed.value || span.value[1] > nowExactly() - PRESENT_S)) void load();
  }, AGAIN_MS);
  onBeforeUnmount(() => clearInterval(timer));

  return { lanes, alerts, failed, loading };
}
