/** Runs as a shared worker: one event stream for all pages of a browser. Over HTTP/1.1 a browser opens six connections to
 * a server, so that with a stream a page the sixth page would take the last one. */
import type { PageMessage } from "./page_messages";
import { openStream, type StreamMessage } from "./stream";

/** A page that has not said for so long that it is there is gone: hidden pages say so once a minute. */
const GONE_AFTER_MS = 200_000;
const SWEEP_MS = 30_000;

interface Page {
  port: MessagePort;
  heardAt: number;
}

const pages = new Set<Page>();
let close: (() => void) | undefined;
let opened = false;
/** What a page that joins needs at once. */
let system: StreamMessage | undefined;

function spread(message: StreamMessage): void {
  if (message.kind === "opened" || message.kind === "closed") opened = message.kind === "opened";
  if (message.kind === "system") system = message;
  for (const { port } of pages) port.postMessage(message);
}

function join(page: Page): void {
  pages.add(page);
  close ??= openStream(spread);
  if (!opened) return;
  page.port.postMessage({ kind: "opened" } satisfies StreamMessage);
  if (system) page.port.postMessage(system);
}

function leave(page: Page): void {
  pages.delete(page);
  if (pages.size) return;
  close?.();
  [close, opened, system] = [undefined, false, undefined];
}

addEventListener("connect", (event) => {
  const port = (event as MessageEvent).ports[0];
  if (!port) return;
  const page: Page = { port, heardAt: performance.now() };
  port.onmessage = ({ data }: MessageEvent<PageMessage>) => {
    page.heardAt = performance.now();
    if (data === "leaving") leave(page);
    else if (!pages.has(page)) join(page);
  };
  join(page);
});

setInterval(() => {
  const nowMs = performance.now();
  for (const page of pages) if (nowMs - page.heardAt > GONE_AFTER_MS) leave(page);
}, SWEEP_MS);
