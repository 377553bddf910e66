import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CameraRow } from "@/api/types";
import { cameras, loadCameras, takeCamera } from "./cameras";

let answer: (items: Partial<CameraRow>[]) => void = () => {};

beforeEach(() => {
  vi.stubGlobal(
    "fetch",
    () => new Promise<Response>((done) => (answer = (items) => done(Response.json({ items, next: null })))),
  );
});
afterEach(() => vi.unstubAllGlobals());

const camera = (id: string, state: CameraRow["state"]) => ({ id, state }) as CameraRow;
const known = () => Object.fromEntries(cameras.value.map(({ id, state }) => [id, state]));

it("a camera's state that came over the stream is not undone by an answer that is older", async () => {
  const first = loadCameras();
  answer([camera("a", "live"), camera("gone", "live")]);
  await first;
  const slow = loadCameras();
  takeCamera(camera("a", "lost"));
  takeCamera(camera("new", "live"));
  answer([camera("a", "live")]);
  await slow;
  expect(known()).toEqual({ a: "lost", new: "live" });
  const next = loadCameras();
  answer([camera("a", "live")]);
  await next;
  expect(known()).toEqual({ a: "live" });
});
