/** Every alert this page knows, the queue made of them, and what a person did with one. */
import { computed, reactive, ref, shallowRef } from "vue";
import { act, api, type Action } from "@/api/client";
import type { AlertDetail, AlertRow } from "@/api/types";
import { compare, isOpen, isShelved, raisedAt } from "@/domain/queue";
import { iso, seconds } from "@/domain/time";
import { nowExactly } from "./clock";
import { SinceAsked } from "./since_asked";
import { source } from "./source";

/** What is kept: everything open, and closed ones back to here; the oldest closed leave first. */
const HISTORY_S = 24 * 3600;
const KEEP = 5_000;
const PAGE = 200;

/** Whether every open alert is known; until then their number is not. */
export const openKnown = source();
/** Whether the last day's alerts are known as well. */
export const dayKnown = source();

const rows = reactive(new Map<string, AlertRow>());

export const all = computed(() => [...rows.values()]);
export const queue = computed(() => all.value.filter(isOpen).sort(compare));
export const shelved = computed(() => all.value.filter(isShelved).sort(compare));
export const unackedRed = computed(() => queue.value.filter((a) => a.grade === "A" && a.state === "NEW"));
export const byId = (id: string): AlertRow | undefined => rows.get(id);

export const opened = ref<AlertDetail | null>(null);

type Watcher = (row: AlertRow) => void;
const watchers = new Set<Watcher>();

/** Called for an alert that was not there before. */
export function onNew(watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

const told = new SinceAsked<string>();

export async function loadAlerts(): Promise<void> {
  const now = nowExactly();
  await Promise.all([
    openKnown.read(takeOpen),
    dayKnown.read(() => takePages({ state: "all", since: iso(now - HISTORY_S) })),
  ]);
  if (wanted) await open(wanted);
}

/** All that are open. What was open before and is not among them was dealt with while this page was away. */
async function takeOpen(): Promise<void> {
  const before = queue.value;
  const open = await takePages({ state: "open" });
  for (const row of before) if (!open.has(row.id) && rows.get(row.id) === row) rows.delete(row.id);
}

/** Takes what the server lists, page by page; the ids of it. */
function takePages(query: { state: string; since?: string }): Promise<Set<string>> {
  return told.ask(async (newer) => {
    const ids = new Set<string>();
    let cursor: string | null = null;
    for (let page = 0; page < KEEP / PAGE; page++) {
      const answer: Awaited<ReturnType<typeof api.alerts>> = await api.alerts({ ...query, cursor, limit: PAGE });
      for (const row of answer.items) {
        ids.add(row.id);
        if (!newer.has(row.id)) rows.set(row.id, row);
      }
      cursor = answer.next;
      if (!cursor) break;
    }
    return ids;
  });
}

/** One page further back than what is known; false when there is no more. */
export async function loadOlder(): Promise<boolean> {
  const oldest = Math.min(nowExactly() - HISTORY_S, ...all.value.map((a) => seconds(a.from) ?? Infinity));
  const answer = await api.alerts({ state: "all", until: iso(oldest), limit: PAGE });
  const before = rows.size;
  for (const row of answer.items) rows.set(row.id, row);
  return rows.size > before;
}

/** Alerts that come within so short a time are taken together: a flood is drawn once, not two hundred times. */
const TOGETHER_MS = 100;
let arriving: AlertRow[] = [];

export function takeAlert(row: AlertRow): void {
  told.said(row.id);
  if (!arriving.length) setTimeout(takeArriving, TOGETHER_MS);
  arriving.push(row);
}

function takeArriving(): void {
  const together = arriving;
  arriving = [];
  const fresh = new Map<string, AlertRow>();
  for (const row of together) {
    if (fresh.has(row.id) || !rows.has(row.id)) fresh.set(row.id, row);
    rows.set(row.id, row);
  }
  if (rows.size > KEEP) forgetOldest();
  for (const row of fresh.values()) if (isOpen(row)) for (const watcher of watchers) watcher(row);
  if (wanted && together.some((row) => row.id === wanted)) void open(wanted).catch(() => undefined);
}

function forgetOldest(): void {
  const closed = all.value.filter((a) => !isOpen(a) && !isShelved(a)).sort((a, b) => raisedAt(a) - raisedAt(b));
  for (const row of closed.slice(0, KEEP / 10)) rows.delete(row.id);
}

let wanted = "";
/** Of two answers about one alert the one that was asked for later is the newer. */
let asked = 0;

export async function open(id: string): Promise<void> {
  wanted = id;
  const mine = ++asked;
  const detail = await api.alert(id);
  if (mine === asked) take(detail);
}

function take(detail: AlertDetail): void {
  rows.set(detail.id, rowOf(detail));
  if (wanted === detail.id) opened.value = detail;
}

export function close(): void {
  wanted = "";
  asked++;
  opened.value = null;
}

export interface Done {
  id: string;
  device: string;
  action: Action["name"];
  undoable: boolean;
}

export const done = ref<Done | null>(null);
/** Why the last step was not done; null where it was. */
export const failure = shallowRef<unknown>(null);
export const busy = ref(false);

export async function perform(id: string, action: Action): Promise<boolean> {
  if (busy.value) return false;
  busy.value = true;
  failure.value = null;
  try {
    const before = rows.get(id)?.actions ?? [];
    const detail = await act(id, action);
    if (wanted === id) asked++; // what is still on its way about this alert is older
    take(detail);
    // A step can be undone where it is `reopen` that leads back from it.
    const undoable = detail.actions.includes("reopen") && !before.includes("reopen");
    done.value = { id, device: detail.device, action: action.name, undoable };
    return true;
  } catch (error) {
    failure.value = error;
    return false;
  } finally {
    busy.value = false;
  }
}

function rowOf(detail: AlertDetail): AlertRow {
  const { history: _h, amendments: _a, rule_row: _r, duty_row: _d, previous: _p, ...row } = detail;
  return row;
}
