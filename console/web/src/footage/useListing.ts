/** Rows as the server has them, read again while the page is looked at, and the one that is opened. */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef, watch } from "vue";
import { ProblemError } from "@/api/errors";
import type { Page } from "@/api/types";
import { withOpened } from "./opened";

const EVERY_MS = 2_000;
const PAGE = 50;
const MOST = 500;
const NOT_FOUND = 404;

/** Where the rows come from: newest first, so many of them; one of them; and by which time they are ordered. */
export interface Source<Row, Detail extends Row> {
  page: (limit: number) => Promise<Page<Row>>;
  read: (id: string) => Promise<Detail>;
  at: (row: Row) => string;
}

export type Listing<Row extends { id: string }> = Pick<
  ReturnType<typeof useListing<Row, Row>>,
  "rows" | "selected" | "select" | "move" | "load"
>;

/** `opened` is the one that the address names. */
export function useListing<Row extends { id: string }, Detail extends Row>(
  source: Source<Row, Detail>,
  opened: () => string | undefined,
) {
  const page = shallowRef<Row[]>([]);
  const loaded = ref(false);
  const more = ref(false);
  const failure = shallowRef<unknown>(null);
  const selected = ref("");
  const detail = shallowRef<Detail | null>(null);
  const rows = computed(() => withOpened(page.value, detail.value, source.at));
  let limit = PAGE;
  let asked = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** One that there is not is a wrong address: no reason to show none of the others. */
  async function read(id: string): Promise<Detail | null> {
    try {
      return id ? await source.read(id) : null;
    } catch (error) {
      if (error instanceof ProblemError && error.status === NOT_FOUND) return null;
      throw error;
    }
  }

  async function load(): Promise<void> {
    const turn = ++asked;
    try {
      const [told, one] = await Promise.all([source.page(limit), read(selected.value)]);
      // Somebody has chosen something else meanwhile, and that is asked for already.
      if (turn !== asked) return;
      page.value = told.items;
      more.value = told.next !== null && limit < MOST;
      detail.value = one;
      loaded.value = true;
      failure.value = null;
    } catch (error) {
      if (turn === asked) failure.value = error;
    }
  }

  async function keepLoading(): Promise<void> {
    if (!document.hidden) await load();
    timer = setTimeout(() => void keepLoading(), EVERY_MS);
  }

  function select(id: string): void {
    selected.value = id;
    detail.value = null;
    void load();
  }

  function move(by: number): void {
    const at = rows.value.findIndex((row) => row.id === selected.value);
    const next = rows.value[at < 0 ? 0 : Math.min(rows.value.length - 1, Math.max(0, at + by))];
    if (next) select(next.id);
  }

  function showMore(): void {
    limit = Math.min(MOST, limit + PAGE);
    void load();
  }

  /** Another list from the same source: what is shown of this one is not of that. */
  function restart(): void {
    page.value = [];
    loaded.value = more.value = false;
    limit = PAGE;
    select("");
  }

  watch(opened, (id) => id && select(id), { immediate: true });
  onMounted(() => void keepLoading());
  onBeforeUnmount(() => clearTimeout(timer));
  return { rows, loaded, more, failure, selected, detail, load, select, move, showMore, restart };
}
