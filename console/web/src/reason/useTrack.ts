/** The track an alert is explained by: from a while before it began until it ended, or now, kept current. */
import { onBeforeUnmount, shallowRef, watch, type Ref } from "vue";
import { api } from "@/api/client";
import type { AlertRow, Track } from "@/api/types";
import { iso, seconds } from "@/domain/time";
import { nowExactly } from "@/stores/clock";

export const BEFORE_S = 600;
export const AFTER_S = 300;
const REFRESH_MS = 10_000;

export function windowOf(alert: AlertRow, now: number): [number, number] {
  const from = seconds(alert.from) ?? now;
  const to = seconds(alert.to);
  return [from - BEFORE_S, to === null ? now : Math.min(now, to + AFTER_S)];
}

export function useTrack(alert: Ref<AlertRow | null | undefined>) {
  const track = shallowRef<Track | null>(null);
  const failed = shallowRef(false);
  let wanted = "";

  async function load(row: AlertRow): Promise<void> {
    wanted = row.id;
    const [from, to] = windowOf(row, nowExactly());
    try {
      const answer = await api.track(row.device, iso(from), iso(to));
      if (wanted === row.id) {
        track.value = answer;
        failed.value = false;
      }
    } catch {
      if (wanted === row.id) failed.value = true;
    }
  }

  watch(
    [() => alert.value?.id, () => alert.value?.to],
    ([id], before) => {
      if (id !== before[0]) track.value = null;
      if (!id) wanted = "";
      if (alert.value) void load(alert.value);
    },
    { immediate: true },
  );
  const timer = setInterval(() => {
    const row = alert.value;
    if (row && (row.to === null || failed.value)) void load(row);
  }, REFRESH_MS);
  onBeforeUnmount(() => clearInterval(timer));

  return { track, failed };
}
