/** What the desk shows: the filters, the list they leave, the selected alert, the form that is open. */
import { computed, reactive, ref, watch } from "vue";
import type { AlertRow, AlertState, Grade } from "@/api/types";
import { compare, raisedAt } from "@/domain/queue";
import { date } from "@/domain/time";
import { what, where, who } from "@/parts/alertWords";
import { all, close, open, queue, shelved } from "@/stores/alerts";
import { now } from "@/stores/clock";

export type Tab = "todo" | "acted" | "shelved" | "today" | "all";
export type FormName = "dispatch" | "explain" | "resolve" | "shelve" | "false-alarm" | "note";

export const filters = reactive({
  tab: "todo" as Tab,
  grade: "" as Grade | "",
  rule: "",
  text: "",
});
export const selectedId = ref("");
export const form = ref<FormName | null>(null);
export const help = ref(false);

const IN_HAND: readonly AlertState[] = ["ACKED", "DISPATCHED", "EXPLAINED"];
const today = computed(() => date(now.value));
const isToday = (a: AlertRow) => date(raisedAt(a)) === today.value;

export const tabs = computed(() => ({
  todo: queue.value,
  acted: queue.value.filter((a) => IN_HAND.includes(a.state)),
  shelved: shelved.value,
  today: all.value.filter(isToday),
  all: all.value,
}));

export const rules = computed(() => [...new Set(all.value.map((a) => a.rule))].sort());

export const list = computed(() => {
  const text = filters.text.trim().toLowerCase();
  const rows = tabs.value[filters.tab].filter(
    (a) =>
      (!filters.grade || a.grade === filters.grade) &&
      (!filters.rule || a.rule === filters.rule) &&
      (!text || wordsOf(a).includes(text)),
  );
  const urgent = filters.tab === "todo" || filters.tab === "acted";
  return rows.sort(urgent ? compare : (a, b) => raisedAt(b) - raisedAt(a));
});

function wordsOf(a: AlertRow): string {
  return [a.device, who(a.device), a.rule, what(a), a.unit ?? "", where(a)].join(" ").toLowerCase();
}

export const filtered = computed(() => Boolean(filters.grade || filters.rule || filters.text));

export function clearFilters(): void {
  Object.assign(filters, { grade: "", rule: "", text: "" });
}

export function move(step: number): void {
  const rows = list.value;
  if (!rows.length) return;
  const at = rows.findIndex((a) => a.id === selectedId.value);
  const next = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step));
  select(rows[next]!.id);
}

export function select(id: string): void {
  selectedId.value = id;
  form.value = null;
}

/** The selected alert is the opened one; its list may lose it (closed elsewhere), the reading eye does not. */
watch(selectedId, (id) => {
  if (!id) return close();
  void open(id).catch(() => undefined);
});
