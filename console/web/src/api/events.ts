/** The events of the server as this page takes them, over the stream that all pages of the browser share. */
import { HERE_EVERY_MS, type PageMessage } from "./page_messages";
import { openStream, REOPEN_AFTER_MS, type StreamMessage } from "./stream";
import type { AlertRow, CameraRow, PositionChanges, SystemState } from "./types";

export interface EventHandlers {
  opened(): void;
  heard(): void;
  alert(row: AlertRow): void;
  positions(changes: PositionChanges): void;
  stream(row: CameraRow): void;
  rooms(): void;
  system(state: SystemState): void;
}

export function listen(handlers: EventHandlers): () => void {
  const take = (message: StreamMessage) => {
    if (message.kind !== "closed") handlers.heard();
    if (message.kind === "opened") handlers.opened();
    if ("data" in message) (handlers[message.kind] as (data: unknown) => void)(JSON.parse(message.data));
  };
  return typeof SharedWorker === "undefined" ? openStream(take) : shareStream(take);
}

/** Joins the stream of all pages; where the worker cannot run, or hears nothing, this page opens one of its own. */
function shareStream(take: (message: StreamMessage) => void): () => void {
  let own: (() => void) | undefined;
  let heardAt = performance.now();
  const worker = new SharedWorker(new URL("./shared_stream.ts", import.meta.url), { type: "module", name: "ducha-events" });
  const say = (message: PageMessage) => worker.port.postMessage(message);
  const leave = () => say("leaving");
  const here = () => say("here");
  worker.port.onmessage = ({ data }: MessageEvent<StreamMessage>) => {
    heardAt = performance.now();
    take(data);
  };
  worker.onerror = () => (own ??= openStream(take));
  const timer = setInterval(() => {
    // The worker took this page for gone, or was ended: coming back is to say so.
    if (performance.now() - heardAt > REOPEN_AFTER_MS) here();
  }, REOPEN_AFTER_MS);
  const presence = setInterval(here, HERE_EVERY_MS);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", here);
  return () => {
    clearInterval(timer);
    clearInterval(presence);
    removeEventListener("pagehide", leave);
    removeEventListener("pageshow", here);
    leave();
    worker.port.close();
    own?.();
  };
}
