/** Looks at one camera for as long as it is wanted: live where the server lets us, otherwise a picture each second. */
import { ProblemError, snapshot } from "@/api/client";
import { seconds } from "@/domain/time";
import { nowExactly } from "@/stores/clock";
import { join, measure } from "./whep";

const LOOK_MS = 500;
const STILL_MS = 1_000;
const FIRST_PICTURE_S = 8;
const CUT_OFF_S = 5;
/** How long single pictures are shown before live video is asked for again. */
const REFUSED_S = 60;
const FAILED_S = 5;

export interface Sight {
  mode: "joining" | "live" | "still";
  /** When the newest picture was seen, by the server's clock; null while none was. */
  seenAt: number | null;
  /** How old a picture is when it is seen. */
  latencyS: number | null;
  stream: MediaStream | null;
  still: string;
  reason: string;
}

export const dark: Sight = { mode: "joining", seenAt: null, latencyS: null, stream: null, still: "", reason: "" };

/** Begins to look; call what is returned to stop. `tell` gets what changed. */
export function watchCamera(camera: string, tell: (change: Partial<Sight>) => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const pause = (ms: number) =>
    new Promise<void>((done) => {
      if (signal.aborted) return done();
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
    });

  async function showLive(): Promise<void> {
    const session = await join(camera, signal);
    const gone = () => session.leave();
    addEventListener("pagehide", gone);
    try {
      const figures = measure(session.connection);
      const joinedAt = nowExactly();
      let decoded = 0;
      let connectedAt = joinedAt;
      while (!signal.aborted) {
        await pause(LOOK_MS);
        const state = session.connection.connectionState;
        if (state === "connected") connectedAt = nowExactly();
        if (state === "failed" || state === "closed" || nowExactly() - connectedAt > CUT_OFF_S) throw new Error(state);
        const told = await figures();
        if (!decoded && !told.decoded && nowExactly() - joinedAt > FIRST_PICTURE_S) throw new Error("no picture");
        if (told.decoded === decoded) continue;
        decoded = told.decoded;
        tell({ mode: "live", stream: session.stream, seenAt: nowExactly(), latencyS: told.latencyS, reason: "" });
      }
    } finally {
      removeEventListener("pagehide", gone);
      session.leave();
      tell({ stream: null });
    }
  }

  async function showStills(forS: number): Promise<void> {
    const until = nowExactly() + forS;
    while (!signal.aborted && nowExactly() < until) {
      const began = Date.now();
      try {
        const { picture, at } = await snapshot(camera, signal);
        const seenAt = seconds(at) ?? nowExactly();
        tell({ mode: "still", seenAt, latencyS: Math.max(0, nowExactly() - seenAt), still: URL.createObjectURL(picture), reason: "" });
      } catch (error) {
        tell({ reason: error instanceof Error ? error.message : "" });
      }
      await pause(Math.max(0, began + STILL_MS - Date.now()));
    }
  }

  async function look(): Promise<void> {
    while (!signal.aborted) {
      try {
        await showLive();
      } catch (error) {
        const refused = error instanceof ProblemError && (error.status === 406 || error.status === 409);
        if (!signal.aborted) await showStills(refused ? REFUSED_S : FAILED_S);
      }
    }
  }

  void look();
  return () => stop.abort();
}
