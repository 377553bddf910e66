/** What waits at the door of ingest, read every few seconds while the screen is there, and what is done with it. */
import { computed, nextTick, ref, shallowRef } from "vue";
import { intake } from "@/api/client";
import type { DeadLetterRow, UnknownDeviceRow } from "@/api/types";
import { waitingOf } from "@/domain/health";
import { source } from "@/stores/source";
import { system } from "@/stores/system";

const REFRESH_MS = 5_000;
const PAGE = 50;

export const letterKey = (row: DeadLetterRow) => `${row.topic} ${row.sha256}`;

export function useIntake() {
  /** Whether the server has said what waits. */
  const known = source();
  const strangers = ref<UnknownDeviceRow[]>([]);
  const letters = ref<DeadLetterRow[]>([]);
  const next = ref<string | null>(null);
  const chosen = ref("");
  /** The device that was accepted last, and which one can now look at. */
  const accepted = ref("");
  /** Why the last deed was not done; null where it was. */
  const failure = shallowRef<unknown>(null);
  /** When the letters that are to be read again had last come, by then: until ingest has answered. */
  const marked = ref(new Map<string, string>());
  /** All there are, also those that are not listed here. */
  const counted = computed(() => Math.max(letters.value.length, waitingOf(system.value)?.letters ?? 0));
  const places = computed(() => [...strangers.value.map((row) => row.device), ...letters.value.map(letterKey)]);

  async function load(): Promise<void> {
    const [devices, page] = await known.read(() => Promise.all([intake.unknown(), intake.letters(null)]));
    strangers.value = devices.items;
    letters.value = page.items;
    next.value = page.next;
  }

  /** Does it and reads anew; or says what stands against it. */
  async function attempt(deed: () => Promise<unknown>): Promise<boolean> {
    accepted.value = "";
    try {
      await deed();
      failure.value = null;
      await load();
      return true;
    } catch (error) {
      failure.value = error;
      return false;
    }
  }

  async function accept({ device }: UnknownDeviceRow): Promise<void> {
    if (await attempt(() => intake.accept(device))) accepted.value = device;
  }
  const forget = ({ device }: UnknownDeviceRow) => attempt(() => intake.forget(device));

  async function replay(row: DeadLetterRow): Promise<void> {
    const wanted = { topic: row.topic, sha256: row.sha256 };
    await attempt(async () => {
      await intake.replay(wanted);
      marked.value.set(letterKey(row), row.last_at);
    });
  }
  const replayAll = () =>
    attempt(async () => {
      await intake.replay(null);
      for (const row of letters.value) marked.value.set(letterKey(row), row.last_at);
    });
  /** Whether it is to be read again and has not come back since. */
  const isMarked = (row: DeadLetterRow) => marked.value.get(letterKey(row)) === row.last_at;

  async function more(): Promise<void> {
    try {
      const page = await intake.letters(next.value);
      letters.value.push(...page.items);
      next.value = page.next;
    } catch (error) {
      failure.value = error;
    }
  }

  async function move(by: 1 | -1): Promise<void> {
    const at = places.value.indexOf(chosen.value) + by;
    chosen.value = places.value[Math.min(Math.max(at, 0), places.value.length - 1)] ?? "";
    await nextTick();
    document.querySelector("[data-chosen]")?.scrollIntoView({ block: "nearest" });
  }

  function ofStranger(deed: (row: UnknownDeviceRow) => unknown): void {
    const row = strangers.value.find(({ device }) => device === chosen.value);
    if (row) deed(row);
  }
  function ofLetter(deed: (row: DeadLetterRow) => unknown): void {
    const row = letters.value.find((letter) => letterKey(letter) === chosen.value);
    if (row) deed(row);
  }

  let timer = 0;
  const refresh = () => void load().catch(() => undefined);
  return {
    known,
    strangers,
    letters,
    next,
    chosen,
    accepted,
    failure,
    counted,
    isMarked,
    accept,
    forget,
    replay,
    replayAll,
    more,
    move,
    ofStranger,
    ofLetter,
    begin(): void {
      refresh();
      // A list that was read further than its first page is not cut off under who reads it.
      timer = window.setInterval(() => letters.value.length <= PAGE && refresh(), REFRESH_MS);
    },
    end: () => clearInterval(timer),
  };
}
