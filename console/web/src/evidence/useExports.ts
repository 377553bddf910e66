/** The exports as the server has them, read again while the page is looked at, and the one that is opened. */
import { onBeforeUnmount, onMounted, ref, shallowRef } from "vue";
import { exports, ProblemError } from "@/api/client";
import type { ExportDetail, ExportRow } from "@/api/types";
import { t } from "@/i18n";

const EVERY_MS = 2_000;
const PAGE = 50;
const MOST = 500;

/** What went wrong, in the page's words where it has any. */
export function wentWrong(error: unknown): string {
  if (error instanceof ProblemError && error.problem.type?.endsWith(":same-person")) return t("exports.same_person");
  return error instanceof Error ? error.message : String(error);
}

export function useExports() {
  const rows = shallowRef<ExportRow[]>([]);
  const loaded = ref(false);
  const more = ref(false);
  const failure = ref("");
  const selected = ref("");
  const detail = shallowRef<ExportDetail | null>(null);
  let limit = PAGE;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function load(): Promise<void> {
    const id = selected.value;
    try {
      const [page, one] = await Promise.all([exports.page(limit), id ? exports.read(id) : null]);
      rows.value = page.items;
      more.value = page.next !== null && limit < MOST;
      if (id === selected.value) detail.value = one;
      loaded.value = true;
      failure.value = "";
    } catch (error) {
      failure.value = wentWrong(error);
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

  onMounted(() => void keepLoading());
  onBeforeUnmount(() => clearTimeout(timer));
  return { rows, loaded, more, failure, selected, detail, load, select, move, showMore };
}
