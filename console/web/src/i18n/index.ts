/** The catalogue in use. `t` takes only keys that exist; `known` asks whether a composed one does. */
import { computed, ref, watchEffect } from "vue";
import { en } from "./en";
import { zh, type Key } from "./zh";

export type { Key };
export type Language = "zh" | "en";

const STORED = "ducha.language";

/** What somebody chose here; else the browser's own language, Chinese unless that is another. */
function preferred(): Language {
  const chosen = typeof localStorage === "undefined" ? null : localStorage.getItem(STORED);
  if (chosen === "en" || chosen === "zh") return chosen;
  return typeof document === "undefined" || /^zh\b/i.test(navigator.language) ? "zh" : "en";
}

export const language = ref<Language>(preferred());
const catalogue = computed(() => (language.value === "zh" ? zh : en));

export function t(key: Key, values: Record<string, string | number> = {}): string {
  return catalogue.value[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text under a key made at run time ("rule." + id); the fallback when the catalogue hasn't got it. */
export function known(key: string, fallback: string, values: Record<string, string | number> = {}): string {
  return key in zh ? t(key as Key, values) : fallback;
}

export function switchLanguage(): void {
  language.value = language.value === "zh" ? "en" : "zh";
  localStorage.setItem(STORED, language.value);
}

export function nameLanguage(): void {
  watchEffect(() => {
    document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
  });
}
