import { describe, expect, it } from "vitest";
import { T0, alertOf } from "./fixtures";
import { presenceOf } from "./presence";
import { iso } from "./time";

const heard = () => false;
const devices = { on_duty: 60, online: 58, stale: 2 };
const off = (device: string, part = {}) => alertOf({ id: device, rule: "off-post", device, ...part });

describe("who is on duty", () => {
  it("is who is due, without the silent and those that are not at their place", () => {
    const alerts = [off("officer-1"), alertOf({ id: "r", rule: "not-on-patrol", device: "car-1" })];
    expect(presenceOf(devices, alerts, heard)).toEqual({ due: 60, present: 56, away: 2, silent: 2 });
  });

  it("is not known where the server does not know it", () => {
    expect(presenceOf({ on_duty: null, online: null, stale: null }, [], heard)).toBeNull();
  });

  it("counts nobody twice", () => {
    const alerts = [off("officer-1"), off("officer-1", { rule: "off-route" })];
    expect(presenceOf(devices, alerts, heard)).toMatchObject({ present: 57, away: 1 });
    expect(presenceOf(devices, [off("officer-9")], (device) => device === "officer-9")?.present).toBe(58);
  });

  it("counts who is astray as present", () => {
    expect(presenceOf(devices, [off("car-1", { rule: "off-route" })], heard)).toMatchObject({ present: 58, away: 1 });
  });

  it("does not hold against anybody what is over, withdrawn or false", () => {
    const alerts = [off("1", { to: iso(T0) }), off("2", { withdrawn: true }), off("3", { state: "FALSE" })];
    expect(presenceOf(devices, alerts, heard)).toMatchObject({ present: 58, away: 0 });
  });
});
