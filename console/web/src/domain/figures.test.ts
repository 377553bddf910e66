import { describe, expect, it } from "vitest";
import type { PlanDocument } from "@/api/types";
import { T0, alertOf, trackOf } from "./fixtures";
import { figureOf, placeAt } from "./figures";
import { Plane } from "./geometry";
import { subjectOf } from "./subject";

const plane = new Plane([106, 38]);
const at = (t: number, x: number, y: number): [number, number, number] => [T0 + t, ...plane.lonLat([x, y])] as never;
const corner = (x: number, y: number) => [...plane.lonLat([x, y])];

const plan: PlanDocument = {
  type: "FeatureCollection",
  features: [
    {
      type: "Feature",
      id: "r1",
      geometry: { type: "LineString", coordinates: [corner(0, 0), corner(1000, 0)] },
      properties: { kind: "route", corridor_m: 60 },
    },
    {
      type: "Feature",
      id: "a1",
      geometry: {
        type: "Polygon",
        coordinates: [[corner(0, 0), corner(100, 0), corner(100, 100), corner(0, 100), corner(0, 0)]],
      },
      properties: { kind: "area" },
    },
    {
      type: "Feature",
      id: "p1",
      geometry: { type: "Point", coordinates: corner(0, 0) },
      properties: { kind: "post", radius_m: 80 },
    },
  ],
  duties: [],
};

const series = (rule: string, detail: Record<string, unknown>, track = trackOf([at(0, 50, 0), at(5, 50, 142)])) => {
  const alert = alertOf({ rule, detail });
  return figureOf(alert, track, subjectOf(alert, plan), T0 + 100);
};

describe("the figure over time", () => {
  it("is the distance to the route against the corridor", () => {
    const found = series("off-route", { route: "r1", corridor_m: 60 });
    expect(found?.limit).toBe(60);
    expect(found?.v.map(Math.round)).toEqual([0, 142]);
  });

  it("is the distance outside the area, nothing inside it", () => {
    const found = series("out-of-area", { area: "a1" }, trackOf([at(0, 50, 50), at(5, 50, 130)]));
    expect(found?.v.map(Math.round)).toEqual([0, 30]);
  });

  it("is the distance to the post against its radius", () => {
    const found = series("off-post", { post: "p1" });
    expect(found?.limit).toBe(80);
    expect(Math.round(found?.v[0] ?? 0)).toBe(50);
  });

  it("rises with silence and falls with each fix", () => {
    const found = series("signal-lost", { limit_s: 180 }, trackOf([at(0, 0, 0), at(30, 0, 0)]));
    expect(found?.t.map((t) => t - T0)).toEqual([0, 30, 30, 100]);
    expect(found?.v).toEqual([0, 30, 0, 70]);
  });

  it("is the reported speed in km/h, or the speed between fixes where none is reported", () => {
    const found = series("speeding", { limit_mps: 20 }, trackOf([at(0, 0, 0), at(10, 100, 0), at(20, 200, 0)], [25]));
    expect(found?.limit).toBe(72);
    expect(found?.v.map(Math.round)).toEqual([90, 36, 36]);
  });
});

describe("the play head", () => {
  it("stands between two fixes, and at the last one before a long silence", () => {
    const track = trackOf([at(0, 0, 0), at(10, 100, 0), at(600, 900, 0)]);
    const middle = placeAt(track, T0 + 5);
    expect(Math.round(plane.xy(middle!.at)[0])).toBe(50);
    expect(placeAt(track, T0 + 300)?.index).toBe(1);
    expect(Math.round(plane.xy(placeAt(track, T0 + 300)!.at)[0])).toBe(100);
    expect(placeAt(track, T0 - 1)).toBeNull();
  });
});
