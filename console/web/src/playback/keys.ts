/** The screen by keyboard. */
import { useKeys } from "@/desk/keys";
import { nextGap } from "@/domain/recording";
import type { Key } from "@/i18n";
import type { Deck, Lane } from "./useDeck";
import type { Selection } from "./useSelection";
import type { useSpan } from "./useSpan";

const BACK_S = 10;
const CLOSER = 0.5;

/** What the help sheet says. */
export const EVIDENCE_HELP: readonly [string, Key][] = [
  ["Space", "evidence.key_play"],
  ["J · K · L", "evidence.key_jkl"],
  [", . · ← →", "evidence.key_step"],
  ["− +", "evidence.key_speed"],
  ["G", "evidence.key_gap"],
  ["I · O", "evidence.key_select"],
  ["B", "evidence.key_mark"],
  ["1–4", "evidence.key_sound"],
  ["M", "evidence.key_mute"],
  ["W · S · 0", "evidence.key_zoom"],
  ["[ · ]", "evidence.key_span"],
  ["/", "help.search"],
  ["?", "help.help"],
  ["Esc", "help.back"],
];

export interface Keyed {
  deck: Deck;
  period: ReturnType<typeof useSpan>;
  selection: Selection;
  lanes: () => readonly Lane[];
  seek(at: number): void;
  mark(): void;
  search(): void;
  help(): void;
  back(): void;
}

export function useEvidenceKeys({ deck, period, selection, lanes, seek, mark, search, help, back }: Keyed): void {
  const step = (direction: 1 | -1) => void deck.step(direction);

  function onward(): void {
    if (deck.playing) deck.faster(1);
    else deck.toggle();
  }

  function gap(): void {
    const at = nextGap(lanes().flatMap((lane) => [lane.video, lane.audio]), deck.at);
    if (at !== null) seek(at);
  }

  function hear(index: number): void {
    const camera = lanes()[index]?.camera;
    if (camera) deck.heard = deck.heard === camera ? "" : camera;
  }

  useKeys(
    {
      " ": deck.toggle,
      j: () => seek(deck.at - BACK_S),
      k: () => (deck.playing = false),
      l: onward,
      ",": () => step(-1),
      ".": () => step(1),
      ArrowLeft: () => step(-1),
      ArrowRight: () => step(1),
      "-": () => deck.faster(-1),
      "+": () => deck.faster(1),
      "=": () => deck.faster(1),
      g: gap,
      i: () => selection.begin(deck.at),
      o: () => selection.end(deck.at),
      b: mark,
      m: () => (deck.heard = ""),
      w: () => period.zoomBy(CLOSER, deck.at),
      s: () => period.zoomBy(1 / CLOSER, deck.at),
      "0": period.fit,
      "[": () => period.turn(-1),
      "]": () => period.turn(1),
      "/": search,
      "?": help,
      Escape: back,
      ...Object.fromEntries([0, 1, 2, 3].map((index) => [String(index + 1), () => hear(index)])),
    },
    () => (document.activeElement as HTMLElement | null)?.blur(),
  );
}
