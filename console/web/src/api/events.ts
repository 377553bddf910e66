/** The server's event stream. Silence is a fault: a stream that says nothing for too long is opened anew. */
import type { AlertRow, CameraRow, PositionChanges, SystemState } from "./types";

export const REOPEN_AFTER_MS = 8_000;

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
  let source: EventSource | null = null;
  let heardAt = 0;

  const hear = <T>(take: (data: T) => void) => (event: MessageEvent<string>) => {
    heardAt = Date.now();
    handlers.heard();
    take(JSON.parse(event.data) as T);
  };

  const open = () => {
    source?.close();
    heardAt = Date.now();
    source = new EventSource("/api/v1/events");
    source.onopen = () => {
      heardAt = Date.now();
      handlers.heard();
      handlers.opened();
    };
    source.addEventListener("alert", hear<AlertRow>(handlers.alert));
    source.addEventListener("positions", hear<PositionChanges>(handlers.positions));
    source.addEventListener("stream", hear<CameraRow>(handlers.stream));
    source.addEventListener("rooms", hear(handlers.rooms));
    source.addEventListener("system", hear<SystemState>(handlers.system));
  };

  const watch = setInterval(() => {
    if (Date.now() - heardAt > REOPEN_AFTER_MS) open();
  }, 1_000);
  open();

  return () => {
    clearInterval(watch);
    source?.close();
  };
}
