import { describe, expect, it } from "vitest";
import { roomFor } from "./room";

const HEIGHTS = { card: 114, over: 58, heading: 34, more: 34 };
const at = (lasting: number, over: number, height: number, columns = 1) => roomFor(lasting, over, { height, columns }, HEIGHTS);

describe("the queue's column", () => {
  it("shows all where there is room", () => {
    expect(at(3, 2, 700)).toEqual({ lasting: 3, over: 2 });
    expect(at(0, 0, 700)).toEqual({ lasting: 0, over: 0 });
  });

  it("shows what lasts first, and one line of what is over", () => {
    expect(at(20, 20, 700)).toEqual({ lasting: 5, over: 1 });
    expect(at(20, 0, 700)).toEqual({ lasting: 5, over: 0 });
  });

  it("gives what is over the room that is left", () => {
    expect(at(2, 20, 700)).toEqual({ lasting: 2, over: 6 });
  });

  it("never exceeds its height, and always shows the first", () => {
    for (let height = 100; height < 1000; height += 7) {
      const shown = at(30, 30, height);
      expect(shown.lasting).toBeGreaterThan(0);
      const used = shown.lasting * 114 + shown.over * 58 + 34 + 34;
      if (shown.lasting > 1) expect(used).toBeLessThanOrEqual(height);
    }
  });

  it("has room for more in two columns", () => {
    expect(at(20, 0, 700, 2).lasting).toBe(10);
  });
});
