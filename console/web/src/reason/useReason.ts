/** What explains an alert: its track, what it is measured against, and the figure over time. */
import { computed, type Ref } from "vue";
import type { AlertRow } from "@/api/types";
import { figureOf } from "@/domain/figures";
import { subjectOf } from "@/domain/subject";
import { seconds } from "@/domain/time";
import { stillCameraOf } from "@/stores/cameras";
import { now } from "@/stores/clock";
import { plan } from "@/stores/county";
import { useTrack, windowOf } from "./useTrack";

export function useReason(alert: Ref<AlertRow | null | undefined>) {
  /** A camera that stands still has no track. */
  const moving = computed(() => (alert.value && !stillCameraOf(alert.value.device) ? alert.value : null));
  const { track } = useTrack(moving);
  const subject = computed(() => (alert.value ? subjectOf(alert.value, plan.value) : null));
  const span = computed<[number, number]>(() => (alert.value ? windowOf(alert.value, now.value) : [0, 1]));
  const from = computed(() => seconds(alert.value?.from) ?? 0);
  const to = computed(() => seconds(alert.value?.to) ?? span.value[1]);
  const noticed = computed(() => seconds(alert.value?.detail["noticed"]));
  const series = computed(() =>
    alert.value && track.value && subject.value ? figureOf(alert.value, track.value, subject.value, to.value) : null,
  );
  return { track, subject, span, from, to, noticed, series };
}
