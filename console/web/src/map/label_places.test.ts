import { describe, expect, it } from "vitest";
import { placeLabels, type Box, type Placeable, type Spot } from "./label_places";

const VIEW = [1000, 800] as const;
const at = (id: string, x: number, y: number, spot: Spot | null = null): Placeable => ({ id, x, y, size: [200, 44], spot });
const boxes = (labels: Placeable[], spots: Map<string, Spot>): Box[] =>
  labels.flatMap((l) => {
    const spot = spots.get(l.id);
    return spot ? [[l.x + spot.left, l.y + spot.top, l.x + spot.left + 200, l.y + spot.top + 44] as const] : [];
  });

describe("a label on the map", () => {
  it("keeps its side while its subject moves and others come and go before it", () => {
    const first = placeLabels([at("a", 500, 400)], VIEW).get("a")!;
    const crowd = [at("new", 520, 400), at("newer", 480, 410)];
    for (let x = 500; x < 600; x += 10) {
      expect(placeLabels([...crowd, at("a", x, 400, first)], VIEW).get("a")).toEqual(first);
    }
  });

  it("moves when it would leave the pane", () => {
    const right = placeLabels([at("a", 500, 400)], VIEW).get("a")!;
    expect(right.side).toBe("right");
    expect(placeLabels([at("a", 900, 400, right)], VIEW).get("a")!.side).not.toBe("right");
  });

  it("covers no other label, no other subject and no name where there is room", () => {
    const labels = [at("a", 500, 400), at("b", 510, 420), at("c", 490, 380), at("d", 505, 405)];
    const names: Box[] = [[540, 380, 620, 420]];
    const spots = placeLabels(labels, VIEW, names);
    expect(spots.size).toBe(4);
    const placed = boxes(labels, spots);
    placed.forEach((box, i) => {
      for (const other of [...placed.filter((_, j) => j !== i), ...names]) {
        expect(box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]).toBe(false);
      }
    });
  });

  it("has none where there is no room at all", () => {
    expect(placeLabels([at("a", 50, 20)], [100, 40]).size).toBe(0);
  });
});
