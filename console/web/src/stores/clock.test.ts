import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const NOW = Date.parse("2026-01-05T08:00:00Z") / 1000;

let clock: typeof import("./clock");

beforeEach(async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-30T11:00:00Z"), toFake: ["Date", "performance"] });
  vi.resetModules();
  clock = await import("./clock");
});
afterEach(() => vi.useRealTimers());

describe("the server's clock", () => {
  it("is known with its first answer, however far from this machine's", () => {
    clock.setServerTime(NOW);
    expect([clock.nowExactly(), clock.steps.value]).toEqual([NOW, 1]);
  });

  it("is not moved by what comes late", () => {
    clock.setServerTime(NOW);
    vi.advanceTimersByTime(8_000);
    clock.setServerTime(NOW);
    clock.setServerTime(NOW + 5);
    expect([clock.nowExactly(), clock.steps.value]).toEqual([NOW + 8, 1]);
    vi.advanceTimersByTime(60_000);
    clock.setServerTime(NOW + 67);
    expect(clock.nowExactly()).toBeCloseTo(NOW + 67.9);
    expect(clock.steps.value).toBe(1);
  });

  it("is followed at once when it was set forward", () => {
    clock.setServerTime(NOW);
    clock.setServerTime(NOW + 600);
    expect([clock.nowExactly(), clock.steps.value]).toEqual([NOW + 600, 2]);
  });

  it("is followed when it was set back, as soon as that is no late message", () => {
    clock.setServerTime(NOW);
    for (let s = 2; s <= 30; s += 2) {
      vi.advanceTimersByTime(2_000);
      clock.setServerTime(NOW - 600 + s - (s === 10 ? 0 : 0.2));
    }
    expect(clock.nowExactly()).toBeCloseTo(NOW - 600 + 30, 0);
    expect(clock.steps.value).toBe(2);
  });
});
