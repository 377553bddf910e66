import { describe, expect, it } from "vitest";
import { SinceAsked } from "./since_asked";

describe("a request and what is said meanwhile", () => {
  it("knows what was said since it was sent, and nothing of before or of after", async () => {
    const told = new SinceAsked<string>();
    told.said("before");
    let answer = () => {};
    const asked = told.ask(async (newer) => {
      await new Promise<void>((done) => (answer = done));
      return [...newer];
    });
    told.said("meanwhile");
    answer();
    expect(await asked).toEqual(["meanwhile"]);
    told.said("after");
    expect(await told.ask(async (newer) => [...newer])).toEqual([]);
  });

  it("is each for itself where several are on their way", async () => {
    const told = new SinceAsked<string>();
    const answers: (() => void)[] = [];
    const ask = () =>
      told.ask(async (newer) => {
        await new Promise<void>((done) => answers.push(done));
        return [...newer];
      });
    const first = ask();
    told.said("a");
    const second = ask();
    told.said("b");
    for (const answer of answers) answer();
    expect([await first, await second]).toEqual([["a", "b"], ["b"]]);
  });

  it("forgets a request that failed", async () => {
    const told = new SinceAsked<string>();
    await expect(told.ask(() => Promise.reject(new Error("gone")))).rejects.toThrow("gone");
    told.said("a");
    expect(await told.ask(async (newer) => newer.size)).toBe(0);
  });
});
