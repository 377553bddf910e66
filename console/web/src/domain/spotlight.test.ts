import { describe, expect, it } from "vitest";
import { T0, alertOf } from "./fixtures";
import { DWELL_S, FOCUS_S, dark, turn } from "./spotlight";
import { iso } from "./time";

describe("the spotlight", () => {
  const one = alertOf({ id: "1" });
  const two = alertOf({ id: "2" });
  const red = alertOf({ id: "red", grade: "A" });

  it("lets the open alerts take turns", () => {
    const first = turn(dark, [one, two], T0);
    expect([first.id, first.place, first.of]).toEqual(["1", 1, 2]);
    expect(turn(first, [one, two], T0 + FOCUS_S - 1).id).toBe("1");
    const second = turn(first, [one, two], T0 + FOCUS_S);
    expect([second.id, second.place]).toEqual(["2", 2]);
    expect(turn(second, [one, two], T0 + 2 * FOCUS_S).id).toBe("1");
  });

  it("goes to a new alert as soon as the one before could be read, to a red one at once", () => {
    const first = turn(dark, [one], T0);
    const soon = turn(first, [one, two], T0 + 1);
    expect(soon.id).toBe("1");
    expect(turn(soon, [one, two], T0 + DWELL_S).id).toBe("2");
    expect(turn(first, [one, red], T0 + 1).held).toBe("red");
  });

  it("does not flicker in a flood", () => {
    let light = turn(dark, [one], T0);
    const shown = new Set<string | null>();
    const queue = [one];
    for (let n = 0; n < 100; n++) {
      queue.push(alertOf({ id: `flood-${n}` }));
      light = turn(light, queue, T0 + n / 50);
      shown.add(light.id);
    }
    expect(shown.size).toBe(1);
  });

  it("holds on a red alert that lasts and nobody acknowledged, and lets the others take turns beside it", () => {
    let light = turn(dark, [red, one, two], T0);
    const turns = new Set<string | null>();
    for (let s = 0; s < 10 * FOCUS_S; s++) {
      light = turn(light, [red, one, two], T0 + s);
      expect(light.held).toBe("red");
      turns.add(light.id);
    }
    expect(turns).toEqual(new Set(["1", "2"]));
  });

  it("lets a red alert go when it is acknowledged or over", () => {
    const held = turn(dark, [red, one], T0);
    expect(turn(held, [one, { ...red, state: "ACKED" }], T0 + 1).held).toBeNull();
    expect(turn(held, [one, { ...red, to: iso(T0) }], T0 + 1).held).toBeNull();
  });

  it("holds the first of several red ones, and the others take their turns", () => {
    const light = turn(dark, [red, alertOf({ id: "red-2", grade: "A" })], T0);
    expect([light.held, light.id]).toEqual(["red", "red-2"]);
  });

  it("passes over what is over, and what somebody has in hand while others wait", () => {
    const over = alertOf({ id: "over", to: iso(T0) });
    const inHand = alertOf({ id: "2", state: "ACKED" });
    const first = turn(dark, [one, inHand, over], T0);
    expect(turn(first, [one, inHand, over], T0 + FOCUS_S).id).toBe("1");
    expect(turn(first, [inHand, over], T0 + 1).id).toBe("2");
    expect(turn(first, [over], T0 + 1).id).toBeNull();
  });

  it("goes dark when none is open", () => {
    expect(turn(turn(dark, [one], T0), [], T0 + 1).id).toBeNull();
  });
});
