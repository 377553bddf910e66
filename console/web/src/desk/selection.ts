/** What the desk shows: the filters, the list they leave, the selected alert, the form that is open. */
import { computed, reactive, ref, shallowRef, watch } from "vue";
import type { Action } from "@/api/client";
import type { AlertDetail, AlertRow, AlertState, Grade } from "@/api/types";
import { compare, raisedAt } from "@/domain/queue";
import { date } from "@/domain/time";
import { what, where, who } from "@/parts/alertWords";
import { all, byId, close, done, open, opened, perform, queue, shelved } from "@/stores/alerts";
import { now } from "@/stores/clock";

export const TABS = ["todo", "acted", "shelved", "today", "all"] as const;
export type Tab = (typeof TABS)[number];
export type ActionName = AlertRow["actions"][number];
export type FormName = Exclude<ActionName, "ack" | "reopen">;

export const filters = reactive({
  tab: "todo" as Tab,
  grade: "" as Grade | "",
  rule: "",
  text: "",
  newestFirst: false,
});
export const selectedId = ref("");
export const form = ref<FormName | null>(null);
export const help = ref(false);

const IN_HAND: readonly AlertState[] = ["ACKED", "DISPATCHED", "EXPLAINED"];
const today = computed(() => date(now.value));
const isToday = (a: AlertRow) => date(raisedAt(a)) === today.value;
const newest = (a: AlertRow, b: AlertRow) => raisedAt(b) - raisedAt(a);

export const tabs = computed(() => ({
  todo: queue.value,
  acted: queue.value.filter((a) => IN_HAND.includes(a.state)),
  shelved: shelved.value,
  today: all.value.filter(isToday),
  all: all.value,
}));

export const rules = computed(() => [...new Set(all.value.map((a) => a.rule))].sort());

/** What is looked back at is listed by time; only what waits has an urgency. */
export const hasUrgency = computed(() => filters.tab === "todo" || filters.tab === "acted" || filters.tab === "shelved");

export const list = computed(() => {
  const text = filters.text.trim().toLowerCase();
  const rows = tabs.value[filters.tab].filter(
    (a) =>
      (!filters.grade || a.grade === filters.grade) &&
      (!filters.rule || a.rule === filters.rule) &&
      (!text || wordsOf(a).includes(text)),
  );
  return rows.sort(hasUrgency.value && !filters.newestFirst ? compare : newest);
});

function wordsOf(a: AlertRow): string {
  return [a.device, who(a.device), a.rule, what(a), a.unit ?? "", where(a)].join(" ").toLowerCase();
}

export const filtered = computed(() => Boolean(filters.grade || filters.rule || filters.text));

export function clearFilters(): void {
  Object.assign(filters, { grade: "", rule: "", text: "" });
}

export function turnTab(by: 1 | -1): void {
  filters.tab = TABS[(TABS.indexOf(filters.tab) + by + TABS.length) % TABS.length]!;
}

/** The alert that is selected, as its row says it: at once, while all that belongs to it is still on its way. */
export const selected = computed<AlertRow | null>(() => byId(selectedId.value) ?? detail.value);
/** The same with its history, rule and pictures; null until they are here. */
export const detail = computed<AlertDetail | null>(() =>
  opened.value?.id === selectedId.value ? opened.value : null,
);
/** Why the selected alert can't be shown; null where it can. */
export const missing = shallowRef<unknown>(null);

/** Where the selected alert is in the list, or was before it left. */
const place = ref(0);
watch([list, selectedId], ([rows, id]) => {
  const at = rows.findIndex((a) => a.id === id);
  if (at >= 0) place.value = at;
});

const within = (rows: readonly AlertRow[], at: number) => rows[Math.min(rows.length - 1, Math.max(0, at))];

export function move(step: 1 | -1): void {
  const at = list.value.findIndex((a) => a.id === selectedId.value);
  // Where it has left the list, the one after it has taken its place.
  const from = at >= 0 ? at + step : place.value + Math.min(0, step);
  const next = within(list.value, selectedId.value ? from : 0);
  if (next) select(next.id);
}

export function select(id: string): void {
  selectedId.value = id;
  form.value = null;
}

export function selectNewest(): void {
  const rows = [...list.value].sort(newest);
  if (rows[0]) select(rows[0].id);
}

export const can = (action: ActionName): boolean => selected.value?.actions.includes(action) ?? false;

/** Does it to the alert that is selected, and to no other; goes on to the next where that one leaves the list. */
export async function act(action: Action, { goOn = false } = {}): Promise<boolean> {
  const id = selectedId.value;
  const at = place.value;
  if (!can(action.name) || !(await perform(id, action))) return false;
  const left = !list.value.some((a) => a.id === id);
  if (selectedId.value === id && (left || goOn)) {
    const rows = list.value.filter((a) => a.id !== id);
    select((rows[at] ?? rows[0])?.id ?? "");
  }
  return true;
}

/** Takes the last step back and shows the alert that it was about. */
export async function undo(note: string): Promise<void> {
  const last = done.value;
  if (last?.undoable && (await perform(last.id, { name: "reopen", body: { note } }))) select(last.id);
}

/** The selected alert is the opened one; its list may lose it (closed elsewhere), the reading eye does not. */
watch(selectedId, (id) => {
  missing.value = null;
  if (!id) return close();
  void open(id).catch((error: unknown) => {
    if (selectedId.value === id) missing.value = error;
  });
});
