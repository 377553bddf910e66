import { describe, expect, it } from "vitest";
import { T0, alertOf } from "./fixtures";
import { FOCUS_S, OVERVIEW_S, dark, turn } from "./spotlight";

describe("the spotlight", () => {
  const one = alertOf({ id: "1" });
  const two = alertOf({ id: "2" });

  it("takes turns with the whole county between", () => {
    const first = turn(dark, [one, two], T0);
    expect(first.id).toBe("1");
    const between = turn(first, [one, two], T0 + FOCUS_S);
    expect(between.id).toBeNull();
    expect(turn(between, [one, two], T0 + FOCUS_S + OVERVIEW_S).id).toBe("2");
  });

  it("goes to a new alert at once", () => {
    const first = turn(dark, [one], T0);
    expect(turn(first, [one, two], T0 + 1).id).toBe("2");
  });

  it("leaves an alert that is no longer open", () => {
    expect(turn(turn(dark, [one], T0), [], T0 + 1).id).toBeNull();
  });
});
