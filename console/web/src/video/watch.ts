/** Looks at one camera for as long as it is wanted: live where the server lets us, otherwise a picture each second. */
import { snapshot } from "@/api/client";
import { ProblemError } from "@/api/errors";
import { join, measure } from "./whep";

const LOOK_MS = 500;
const FIRST_LOOK_MS = 50; // somebody waits
const STILL_MS = 1_000;
const NONE_MS = 2_000;
const FIRST_PICTURE_MS = 8_000;
const CUT_OFF_MS = 5_000;
/** How long single pictures are shown before live video is asked for again. */
const REFUSED_MS = 60_000;
const FAILED_MS = 5_000;

export interface Sight {
  mode: "joining" | "live" | "still";
  /** When the newest picture was seen, by this page's own clock: the server's may run faster (a demo) or be set. */
  seenMs: number | null;
  /** How old a picture is when it is seen. */
  latencyS: number | null;
  stream: MediaStream | null;
  still: string;
  /** Why there is no newer one; null while there is. */
  trouble: unknown;
}

export const dark: Sight = { mode: "joining", seenMs: null, latencyS: null, stream: null, still: "", trouble: null };

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
      tell({ stream: session.stream });
      const figures = measure(session.connection);
      const joinedMs = performance.now();
      let decoded = 0;
      let connectedMs = joinedMs;
      while (!signal.aborted) {
        await pause(decoded ? LOOK_MS : FIRST_LOOK_MS);
        const state = session.connection.connectionState;
        const nowMs = performance.now();
        if (state === "connected") connectedMs = nowMs;
        if (state === "failed" || state === "closed" || nowMs - connectedMs > CUT_OFF_MS) throw new Error(state);
        if (session.isEnded()) throw new Error("ended by the server");
        const told = await figures();
        if (!told.decoded && nowMs - joinedMs > FIRST_PICTURE_MS) throw new Error("no picture");
        if (told.decoded === decoded) continue;
        decoded = told.decoded;
        tell({ mode: "live", seenMs: nowMs, latencyS: told.latencyS, trouble: null });
      }
    } finally {
      removeEventListener("pagehide", gone);
      session.leave();
      tell({ stream: null });
    }
  }

  async function showStills(forMs: number): Promise<void> {
    const untilMs = performance.now() + forMs;
    while (!signal.aborted && performance.now() < untilMs) {
      const beganMs = performance.now();
      try {
        const { picture, ageS } = await snapshot(camera, signal);
        const seenMs = performance.now() - ageS * 1000;
        tell({ mode: "still", seenMs, latencyS: ageS, still: URL.createObjectURL(picture), trouble: null });
      } catch (error) {
        if (!signal.aborted) tell({ trouble: error });
        await pause(NONE_MS);
      }
      await pause(Math.max(0, beganMs + STILL_MS - performance.now()));
    }
  }

  async function look(): Promise<void> {
    while (!signal.aborted) {
      try {
        await showLive();
      } catch (error) {
        const refused = error instanceof ProblemError && (error.status === 406 || error.status === 409);
        if (!signal.aborted) await showStills(refused ? REFUSED_MS : FAILED_MS);
      }
    }
  }

  void look();
  return () => stop.abort();
}
