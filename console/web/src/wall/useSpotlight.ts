/** The alerts in the wall's focus, moved along by the clock: the one that holds the large pane or, while none does, the
 * one whose turn it is; and the one whose turn it is beside it. */
import { computed, shallowRef, watch } from "vue";
import { dark, turn, type Spotlight } from "@/domain/spotlight";
import { t } from "@/i18n";
import { byId, queue } from "@/stores/alerts";
import { now } from "@/stores/clock";

export function useSpotlight() {
  const spotlight = shallowRef<Spotlight>(dark);
  watch([now, queue], () => (spotlight.value = turn(spotlight.value, queue.value, now.value)), { immediate: true });

  const alertOf = (id: string | null) => (id ? (byId(id) ?? null) : null);
  const round = computed(() => {
    const { place, of, untilS } = spotlight.value;
    if (of < 2) return "";
    return t("focus.round", { n: place, of, s: Math.max(0, Math.ceil(untilS - now.value)) });
  });
  const held = computed(() => alertOf(spotlight.value.held));
  const turned = computed(() => alertOf(spotlight.value.id));
  return {
    first: computed(() => held.value ?? turned.value),
    second: computed(() => (held.value ? turned.value : null)),
    firstNote: computed(() => (held.value ? t("focus.held") : round.value)),
    secondNote: round,
  };
}
