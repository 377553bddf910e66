import { describe, expect, it } from "vitest";
import { T0 } from "@/domain/fixtures";
import { Fleet } from "./fleet";

const fix = (device: string, t: number, lon = 106, lat = 38) =>
  [device, T0 + t, lon, lat, 5, 90, 6] as [string, number, number, number, number, number, number];

describe("the fleet", () => {
  it("grows past its first capacity and keeps every device", () => {
    const fleet = new Fleet();
    fleet.change(Array.from({ length: 2_000 }, (_, i) => fix(`car-${i}`, 0, 106 + i / 1e5)), T0);
    expect(fleet.size).toBe(2_000);
    expect(fleet.lon[1_999]).toBeCloseTo(106.01999);
  });

  it("ignores a fix older than the one it has", () => {
    const fleet = new Fleet();
    fleet.change([fix("car", 10, 106.1), fix("car", 5, 106.2)], T0);
    expect(fleet.lon[0]).toBe(106.1);
  });

  it("glides to a new fix within two seconds", () => {
    const fleet = new Fleet();
    fleet.change([fix("car", 0, 106)], T0);
    fleet.change([fix("car", 5, 106.002)], T0 + 5);
    expect(fleet.at(0, T0 + 6)[0]).toBeCloseTo(106.001);
    expect(fleet.at(0, T0 + 7)[0]).toBe(106.002);
  });

  it("hears a ping without taking its place for new", () => {
    const fleet = new Fleet();
    fleet.change([fix("car", 0)], T0);
    fleet.say({ car: "offline" });
    fleet.hear({ car: T0 + 600, stranger: T0 + 600 });
    expect(fleet.size).toBe(1);
    expect(fleet.heard(0)).toBe(T0 + 600);
    expect(fleet.t[0]).toBe(T0);
    expect(fleet.age(0, T0 + 600)).toBe("stale");
    fleet.hear({ car: T0 + 300 });
    expect(fleet.heard(0)).toBe(T0 + 600);
  });

  it("names the devices it has not met", () => {
    const fleet = new Fleet();
    expect(fleet.change([fix("car", 0)], T0)).toEqual(["car"]);
    expect(fleet.change([fix("car", 5)], T0)).toEqual([]);
  });
});
