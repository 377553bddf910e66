import { effectScope, nextTick } from "vue";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { setServerTime } from "@/stores/clock";
import { useSpan } from "./useSpan";

const NOW = Date.parse("2026-01-05T08:00:00Z") / 1000;

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-30T11:00:00Z") }); // a browser whose clock is far off
});
afterEach(() => vi.useRealTimers());

describe("the period looked at", () => {
  it("ends now by the server's clock, as soon as that is known", async () => {
    const scope = effectScope();
    const { span } = scope.run(() => useSpan(null))!;
    setServerTime(NOW);
    await nextTick();
    expect(span.value).toEqual([NOW - 3600, NOW]);
    scope.stop();
  });

  it("stays where somebody has put it", async () => {
    setServerTime(NOW);
    const scope = effectScope();
    const { span, turn } = scope.run(() => useSpan(null))!;
    turn(-1);
    setServerTime(NOW + 600);
    await nextTick();
    expect(span.value).toEqual([NOW - 7200, NOW - 3600]);
    scope.stop();
  });
});
