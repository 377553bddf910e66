import { nextTick } from "vue";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

let connection: typeof import("./connection");
let ms: number;
let stop: () => void;

/** The page's next look at its clock comes after so long. */
function afterMs(elapsed: number): void {
  ms += elapsed;
  vi.advanceTimersByTime(250);
}

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  ms = 1_000_000;
  vi.spyOn(performance, "now").mockImplementation(() => ms);
  vi.resetModules();
  connection = await import("./connection");
  vi.stubGlobal("document", { documentElement: { toggleAttribute: vi.fn() } });
  stop = connection.watchConnection();
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

it("takes a server that is silent for more than four seconds for lost, until its next word", async () => {
  for (let n = 0; n < 16; n++) afterMs(250);
  expect(connection.lost.value).toBe(false);
  afterMs(250);
  expect(connection.lost.value).toBe(true);
  expect(connection.lostFor.value).toBe(4.25);
  await nextTick();
  expect(document.documentElement.toggleAttribute).toHaveBeenLastCalledWith("data-lost", true);
  connection.heard();
  expect(connection.lost.value).toBe(false);
});

it("has lost nobody where the page itself stood still, with the server's words unread", () => {
  for (let n = 0; n < 7; n++) afterMs(250);
  afterMs(60_000);
  expect(connection.lost.value).toBe(false);
  connection.heard();
  afterMs(250);
  expect(connection.lost.value).toBe(false);
});

it("takes who says nothing after that for lost within the same seconds, and knows since when", () => {
  afterMs(60_000);
  for (let n = 0; n < 12; n++) afterMs(250);
  expect(connection.lost.value).toBe(false);
  afterMs(250);
  expect(connection.lost.value).toBe(true);
  expect(connection.lostFor.value).toBe(63.25);
});

it("needs no longer on a page that draws slowly", () => {
  for (let n = 0; n < 4; n++) afterMs(1000);
  expect(connection.lost.value).toBe(false);
  afterMs(1000);
  expect(connection.lost.value).toBe(true);
});
