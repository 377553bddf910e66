/** The server's event stream, as one page or all pages of a browser listen to it. Silence is a fault: a stream that says
 * nothing for too long is opened anew. */

export const KINDS = ["alert", "positions", "stream", "rooms", "system"] as const;
export type EventKind = (typeof KINDS)[number];

/** `opened`: from here on nothing is missed; `closed`: something may be; `data` is an event's JSON as it came. */
export type StreamMessage = { kind: "opened" | "closed" } | { kind: EventKind; data: string };

export const REOPEN_AFTER_MS = 8_000;
const WATCH_MS = 1_000;

/** Listens until what is returned is called. */
export function openStream(tell: (message: StreamMessage) => void): () => void {
  let stream: EventSource | undefined;
  let heardAt = 0;

  const open = () => {
    stream?.close();
    heardAt = performance.now();
    stream = new EventSource("/api/v1/events");
    stream.onopen = () => {
      heardAt = performance.now();
      tell({ kind: "opened" });
    };
    stream.onerror = () => tell({ kind: "closed" });
    for (const kind of KINDS) {
      stream.addEventListener(kind, (event: MessageEvent<string>) => {
        heardAt = performance.now();
        tell({ kind, data: event.data });
      });
    }
  };

  const watch = setInterval(() => {
    if (performance.now() - heardAt > REOPEN_AFTER_MS) open();
  }, WATCH_MS);
  open();

  return () => {
    clearInterval(watch);
    stream?.close();
  };
}
