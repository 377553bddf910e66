import { describe, expect, it } from "vitest";
import { source } from "./source";

describe("what a page knows of a list", () => {
  it("is nothing, not none, until the server has said it", async () => {
    const list = source();
    expect([list.state.value, list.loaded.value]).toEqual(["unknown", false]);
    let answer = (_: string[]) => {};
    const reading = list.read(() => new Promise<string[]>((done) => (answer = done)));
    expect([list.state.value, list.loaded.value]).toEqual(["loading", false]);
    answer([]);
    await reading;
    expect([list.state.value, list.loaded.value]).toEqual(["loaded", true]);
  });

  it("stays unknown where the request fails, and says why", async () => {
    const list = source();
    const why = new Error("no answer");
    await expect(list.read(() => Promise.reject(why))).rejects.toBe(why);
    expect([list.state.value, list.loaded.value, list.error.value]).toEqual(["failed", false, why]);
  });

  it("was once known, but may have changed since, where a later request fails", async () => {
    const list = source();
    list.arrived();
    await list.read(() => Promise.reject(new Error("gone"))).catch(() => undefined);
    expect([list.state.value, list.loaded.value]).toEqual(["stale", true]);
    await list.read(() => Promise.resolve());
    expect([list.state.value, list.error.value]).toEqual(["loaded", null]);
  });
});
