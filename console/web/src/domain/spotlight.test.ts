import { describe, expect, it } from "vitest";
import { T0, alertOf } from "./fixtures";
import { FOCUS_S, dark, turn } from "./spotlight";

describe("the spotlight", () => {
  const one = alertOf({ id: "1" });
  const two = alertOf({ id: "2" });

  it("lets the open alerts take turns", () => {
    const first = turn(dark, [one, two], T0);
    expect(first.id).toBe("1");
    expect(turn(first, [one, two], T0 + FOCUS_S - 1).id).toBe("1");
    const second = turn(first, [one, two], T0 + FOCUS_S);
    expect(second.id).toBe("2");
    expect(turn(second, [one, two], T0 + 2 * FOCUS_S).id).toBe("1");
  });

  it("goes to a new alert at once", () => {
    const first = turn(dark, [one], T0);
    expect(turn(first, [one, two], T0 + 1).id).toBe("2");
  });

  it("passes over what somebody has in hand while others wait", () => {
    const inHand = alertOf({ id: "2", state: "ACKED" });
    const first = turn(dark, [one, inHand], T0);
    expect(turn(first, [one, inHand], T0 + FOCUS_S).id).toBe("1");
    expect(turn(first, [inHand], T0 + 1).id).toBe("2");
  });

  it("goes dark when none is open", () => {
    expect(turn(turn(dark, [one], T0), [], T0 + 1).id).toBeNull();
  });
});
