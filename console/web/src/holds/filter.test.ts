import { describe, expect, it } from "vitest";
import { inForce, nextFilter } from "./filter";

describe("the filter of the holds", () => {
  it("goes from those in force to those that are over to all, and again", () => {
    expect(nextFilter("in_force")).toBe("released");
    expect(nextFilter("released")).toBe("all");
    expect(nextFilter("all")).toBe("in_force");
  });

  it.each([
    ["in_force", true],
    ["released", false],
    ["all", null],
  ] as const)("asks for %s", (filter, asked) => {
    expect(inForce(filter)).toBe(asked);
  });
});
