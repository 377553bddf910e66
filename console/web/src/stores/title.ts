/** The title of the browser's tab: the worst of what nobody has acknowledged, how many, and which screen this is. */
import { computed, watchEffect } from "vue";
import type { Router } from "vue-router";
import type { Grade } from "@/api/types";
import { isNew } from "@/domain/queue";
import { t, type Key } from "@/i18n";
import { openKnown, queue } from "./alerts";

const SIGNS: readonly (readonly [Grade, string])[] = [
  ["A", "▲"],
  ["B", "◆"],
  ["C", "●"],
];

const worst = computed(() => {
  const waiting = queue.value.filter(isNew);
  for (const [grade, sign] of SIGNS) {
    const n = waiting.filter((a) => a.grade === grade).length;
    if (n) return `${sign}${openKnown.loaded.value ? n : ""} `;
  }
  return "";
});

export function showTitle(router: Router): void {
  watchEffect(() => {
    const screen = router.currentRoute.value.meta["title"] as Key | undefined;
    document.title = worst.value + (screen ? t(screen) : `${t("app.name")} Ducha`);
  });
}
