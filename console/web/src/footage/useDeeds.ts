/** What is begun with the opened row, by click or by key, and the keys that every list of footage has. */
import { ref, type Ref } from "vue";
import { useKeys } from "@/desk/keys";
import { mute } from "@/stores/sound";
import type { Listing } from "./useListing";

export function useDeeds<Row extends { id: string }, Deed extends string>(
  { rows, selected, select, move, load }: Listing<Row>,
  {
    can,
    keys,
    others,
    help,
  }: {
    can: (row: Row, deed: Deed) => boolean;
    keys: Record<Deed, string>;
    others: Record<string, () => void>;
    help: Ref<boolean>;
  },
) {
  const deed = ref<Deed | null>(null) as Ref<Deed | null>;

  function open(id: string): void {
    deed.value = null;
    select(id === selected.value ? "" : id);
  }

  function start(what: Deed, id = selected.value): void {
    const row = rows.value.find((one) => one.id === id);
    if (!row || !can(row, what)) return;
    if (id !== selected.value) select(id);
    deed.value = what;
  }

  function finished(): void {
    deed.value = null;
    void load();
  }

  function back(): void {
    if (help.value) help.value = false;
    else if (deed.value) deed.value = null;
    else if (selected.value) select("");
  }

  function step(by: number): void {
    deed.value = null;
    move(by);
  }

  const deeds = Object.entries(keys) as [Deed, string][];
  useKeys(
    {
      ...others,
      ...Object.fromEntries(deeds.map(([what, key]) => [key.toLowerCase(), () => start(what)])),
      j: () => step(1),
      k: () => step(-1),
      ArrowDown: () => step(1),
      ArrowUp: () => step(-1),
      " ": mute,
      "?": () => (help.value = !help.value),
      Escape: back,
    },
    () => {
      (document.activeElement as HTMLElement | null)?.blur();
      deed.value = null;
    },
  );
  return { deed, open, start, finished };
}
