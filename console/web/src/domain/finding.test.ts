import { expect, test } from "vitest";
import { found } from "./finding";

const hall = { id: "win-1", name: "户籍窗口 1", room: null };
const room = { id: "room-2", name: "讯问室 2", room: "r-2" };
const all = [hall, room];

test("a camera is found by its name, its id or its room, in whatever case", () => {
  expect(found(all, "户籍")).toEqual([hall]);
  expect(found(all, "WIN")).toEqual([hall]);
  expect(found(all, "r-2")).toEqual([room]);
});

test("of several words each has to be there, in any order", () => {
  expect(found(all, "2 讯问室")).toEqual([room]);
  expect(found(all, "户籍 2")).toEqual([]);
});

test("of no word all are found, in their order", () => {
  expect(found(all, "  ")).toEqual(all);
});
