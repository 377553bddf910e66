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
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout"] });
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
  afterMs(60_000);
  expect(connection.lost.value).toBe(false);
  connection.heard();
  vi.advanceTimersByTime(1);
  expect(connection.lost.value).toBe(false);
});

it("takes who says nothing then either for lost at once, and knows since when", () => {
  afterMs(60_000);
  vi.advanceTimersByTime(1);
  expect(connection.lost.value).toBe(true);
  expect(connection.lostFor.value).toBe(60);
});

it("counts all of the silence on a page that draws slowly", () => {
  for (let n = 0; n < 2; n++) afterMs(2000);
  vi.advanceTimersByTime(1);
  expect(connection.lost.value).toBe(false);
  afterMs(500);
  expect(connection.lost.value).toBe(true);
});
