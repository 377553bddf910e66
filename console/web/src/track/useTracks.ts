/** The tracks of some devices over a span, with their alerts and stops. */
import { computed, ref, shallowRef, watch, type Ref } from "vue";
import { api } from "@/api/client";
import type { AlertRow, Track } from "@/api/types";
import { stopsOf, type Stop } from "@/domain/stops";
import { iso, seconds } from "@/domain/time";

export function useTracks(devices: Ref<readonly string[]>, span: Ref<readonly [number, number]>) {
  const tracks = shallowRef<Track[]>([]);
  const alerts = shallowRef<AlertRow[]>([]);
  const failed = shallowRef<unknown>(null);
  const loading = ref(false);
  let asked = 0;

  async function load(): Promise<void> {
    const mine = ++asked;
    const [from, to] = span.value.map(iso) as [string, string];
    const ids = [...devices.value];
    [tracks.value, alerts.value, failed.value, loading.value] = [[], [], null, ids.length > 0];
    try {
      const found = await Promise.all(ids.map((device) => api.track(device, from, to)));
      const pages = await Promise.all(
        ids.map((device) => api.alerts({ state: "all", device, since: from, until: to, limit: 100 })),
      );
      if (mine === asked) [tracks.value, alerts.value] = [found, pages.flatMap((page) => page.items)];
    } catch (error) {
      if (mine === asked) failed.value = error;
    } finally {
      if (mine === asked) loading.value = false;
    }
  }

  watch([() => devices.value.join(), span], () => void load(), { immediate: true });

  const stops = computed<(Stop & { device: string })[]>(() =>
    tracks.value
      .flatMap((track) => stopsOf(track).map((stop) => ({ ...stop, device: track.device })))
      .sort((a, b) => a.from - b.from),
  );
  const moments = computed(() =>
    alerts.value.map((alert) => ({ alert, at: seconds(alert.from) ?? 0 })).sort((a, b) => a.at - b.at),
  );
  return { tracks, alerts, stops, moments, failed, loading };
}
