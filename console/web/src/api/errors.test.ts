import { describe, expect, it } from "vitest";
import { answered } from "./errors";

describe("a request without an answer", () => {
  it.each([
    [new TypeError("Failed to fetch"), "unreachable"],
    [new DOMException("signal timed out", "TimeoutError"), "late"],
    [new SyntaxError("Unexpected token '<'"), "unreadable"],
  ])("%s is told as such", async (error, why) => {
    await expect(answered(Promise.reject(error))).rejects.toMatchObject({ why });
  });

  it("was not wanted any more: that is no failure of the server", async () => {
    const left = new DOMException("", "AbortError");
    await expect(answered(Promise.reject(left))).rejects.toBe(left);
  });
});
