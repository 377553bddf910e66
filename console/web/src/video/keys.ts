/** Video by keyboard: digits pick a tile, Shift with 1–4 a layout. By the key's place, so that Shift changes no digit. */
import { onBeforeUnmount, onMounted } from "vue";
import { LAYOUTS, type Layout } from "@/domain/tiles";

export interface VideoKeys {
  pick(key: number): void;
  layout?(layout: Layout): void;
  back?(): void;
  turn?(pages: number): void;
}

export function useVideoKeys(keys: VideoKeys): void {
  const press = (event: KeyboardEvent) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const digit = Number(/^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1] ?? 0);
    const layout = LAYOUTS[digit - 1];
    if (digit && !event.shiftKey) keys.pick(digit);
    else if (layout && keys.layout) keys.layout(layout);
    else if (event.key === "Escape" && keys.back) keys.back();
    else if (event.key === "ArrowRight" && keys.turn) keys.turn(1);
    else if (event.key === "ArrowLeft" && keys.turn) keys.turn(-1);
    else return;
    event.preventDefault();
  };
  onMounted(() => addEventListener("keydown", press));
  onBeforeUnmount(() => removeEventListener("keydown", press));
}
