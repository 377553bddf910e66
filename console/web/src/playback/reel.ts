/** One stream of one camera, played from its HLS playlists, which is where the clock wants it. */
import Hls, { ErrorDetails, ErrorTypes, Events, type ErrorData, type Fragment } from "hls.js/light";
import { reactive } from "vue";
import { playlist } from "@/api/client";
import { NoAnswer, ProblemError } from "@/api/errors";
import type { Problem } from "@/api/types";
import { correction, mediaAt, wallAt, windowAt, type Piece } from "@/domain/sync";

/** Why nothing can be played: the browser lacks the codec, or the sound is in no container of the web. */
export type Trouble = { kind: "codec" | "sound" } | { kind: "failed"; error: unknown };

const AHEAD_S = 15;
const BEHIND_S = 30;
const EXACT_S = 0.02;
const END_S = 0.4;
const RETRY_MS = 4_000;
const SETTLED_MS = 5_000;
/** Times closer than this are of one picture. */
const SAME_S = 0.001;
const BACK_S = [-0.002, -0.004, -0.008];
/** Beyond the playlist's end, that is: the recording goes on, and more of it may have come. */
const NEWER_MS = 3_000;

/** Where a fragment begins in the medium is known better once it is read. */
const pieceOf = (fragment: Fragment): Piece => ({
  wall: (fragment.programDateTime ?? 0) / 1000,
  duration: fragment.duration,
  get media() {
    return fragment.start;
  },
});

/** What hls.js tells of in words of its own, as every other request tells of it. */
function errorOf({ type, details, response, networkDetails, error }: ErrorData): unknown {
  if (type !== ErrorTypes.NETWORK_ERROR) return error;
  if (response?.code && response.code >= 400) return new ProblemError(response.code, problemIn(networkDetails));
  return new NoAnswer(/timeout/i.test(details) ? "late" : "unreachable");
}

/** What the server said of a request that it refused: text of a playlist, bytes of a fragment. */
function problemIn(request: unknown): Problem {
  const body: unknown = request instanceof XMLHttpRequest ? request.response : "";
  try {
    return JSON.parse(body instanceof ArrayBuffer ? new TextDecoder().decode(body) : String(body)) as Problem;
  } catch {
    return {};
  }
}

export class Reel {
  /** `shown`: when the picture in sight was recorded. */
  readonly state = reactive<{ shown: number | null; trouble: Trouble | null }>({ shown: null, trouble: null });
  private hls: Hls | null = null;
  private window: readonly [number, number] | null = null;
  private pieces: Piece[] = [];
  private started: number | null = null;
  private loadedMs = 0;
  private recovered = false;
  /** A place was sought, and its picture is not in sight yet. */
  private awaited = false;
  private pictureS = Infinity;

  constructor(
    readonly element: HTMLMediaElement,
    private readonly camera: string,
    private readonly media: "video" | "audio",
  ) {
    if (element instanceof HTMLVideoElement) this.watch(element);
  }

  /** Be where it is `wall`, and play on from there at `speed`; 0 stands still. To be told again and again. */
  follow(wall: number, speed: number): void {
    this.keep(wall);
    const target = this.state.trouble ? null : mediaAt(this.pieces, wall);
    if (target === null) return this.element.pause();
    if (!this.hasBegun(target)) return;
    if (speed === 0) this.stand(target);
    else this.run(target, wall, speed);
  }

  /** Whether the clock need not wait for it. */
  get isReady(): boolean {
    const { element } = this;
    if (this.state.trouble) return true;
    if (this.started === null || element.seeking || element.readyState < 2) return false;
    return element.readyState > 2 || element.duration - element.currentTime < END_S;
  }

  /** When the picture after (or before) the one in sight was recorded; null when there is none. */
  async step(direction: 1 | -1): Promise<number | null> {
    await this.settled();
    const begun = this.state.shown;
    const from = begun === null ? null : mediaAt(this.pieces, begun);
    if (begun === null || from === null) return null;
    for (const byS of direction < 0 ? BACK_S : this.onward()) {
      this.place(Math.max(0, from + byS));
      await this.settled();
      const shown = this.state.shown;
      if (shown === null || Math.abs(shown - begun) < SAME_S) continue;
      this.pictureS = Math.min(this.pictureS, Math.abs(shown - begun));
      return shown;
    }
    return null;
  }

  close(): void {
    this.hls?.destroy();
    this.hls = null;
  }

  /** How long a picture lasts is told nowhere: as long as the shortest seen, else ever longer. */
  private *onward(): Generator<number> {
    if (this.pictureS < Infinity) yield this.pictureS + SAME_S;
    for (let n = 1; n <= 60; n++) yield n / 60 + SAME_S;
  }

  private place(media: number): void {
    this.awaited = true;
    this.element.currentTime = media;
  }

  /** Returns when the picture last sought is in sight. */
  private async settled(): Promise<void> {
    const untilMs = performance.now() + SETTLED_MS;
    while ((this.awaited || this.element.seeking) && performance.now() < untilMs) {
      await new Promise(requestAnimationFrame);
    }
  }

  /** Has the playlist that `wall` is in. */
  private keep(wall: number): void {
    const here = this.window !== null && wall >= this.window[0] && wall < this.window[1];
    const ageMs = performance.now() - this.loadedMs;
    const end = this.pieces.at(-1);
    const beyond = end !== undefined && wall > end.wall + end.duration && ageMs > NEWER_MS;
    const failed = this.state.trouble?.kind === "failed" && ageMs > RETRY_MS;
    if (!here || beyond || failed) this.load(windowAt(wall));
  }

  private load(window: readonly [number, number]): void {
    this.close();
    this.window = window;
    this.loadedMs = performance.now();
    [this.pieces, this.started, this.recovered] = [[], null, false];
    Object.assign(this.state, { shown: null, trouble: null });
    const hls = new Hls({
      enableWorker: false, // nothing is remuxed, and no worker from a blob need be allowed
      autoStartLoad: false,
      maxBufferLength: AHEAD_S,
      maxMaxBufferLength: 4 * AHEAD_S,
      backBufferLength: BEHIND_S,
    });
    hls.on(Events.LEVEL_LOADED, (_, { details }) => {
      this.pieces = details.fragments.map(pieceOf);
      if (this.media === "audio" && details.fragments.some((f) => f.relurl?.endsWith(".mov"))) {
        this.state.trouble = { kind: "sound" };
      }
    });
    hls.on(Events.ERROR, (_, data) => this.fail(hls, data));
    hls.loadSource(playlist(this.camera, window, this.media));
    hls.attachMedia(this.element);
    this.hls = hls;
  }

  private fail(hls: Hls, data: ErrorData): void {
    const { details } = data;
    if (details === ErrorDetails.BUFFER_ADD_CODEC_ERROR || details === ErrorDetails.BUFFER_INCOMPATIBLE_CODECS_ERROR) {
      this.state.trouble = { kind: "codec" };
    } else if (data.fatal && data.type === "mediaError" && !this.recovered) {
      this.recovered = true;
      hls.recoverMediaError();
    } else if (data.fatal) {
      this.state.trouble = { kind: "failed", error: errorOf(data) };
    }
  }

  /** Whether there is a first picture; else it is asked for. */
  private hasBegun(target: number): boolean {
    if (this.element.readyState > 0 && this.started !== null) return true;
    if (this.started === null || Math.abs(this.started - target) > 1) {
      this.hls?.startLoad(target);
      this.started = target;
    }
    return false;
  }

  private stand(target: number): void {
    const { element } = this;
    element.pause();
    if (Math.abs(element.currentTime - target) > EXACT_S) this.place(target);
  }

  private run(target: number, wall: number, speed: number): void {
    const { element } = this;
    if (element.seeking) return;
    const drift = (wallAt(this.pieces, element.currentTime) ?? wall) - wall;
    const what = correction(drift, speed);
    if (what.seek) this.place(target);
    else if (element.playbackRate !== what.rate) element.playbackRate = what.rate;
    if (element.ended && !what.seek) return;
    if (this.hls) this.hls.config.maxBufferLength = Math.max(AHEAD_S, 3 * speed);
    if (element.paused) void element.play().catch(() => undefined); // refused: the page was not touched yet
  }

  private watch(video: HTMLVideoElement): void {
    video.requestVideoFrameCallback((_, { mediaTime }) => {
      this.awaited = false;
      this.state.shown = wallAt(this.pieces, mediaTime);
      this.watch(video);
    });
  }
}
