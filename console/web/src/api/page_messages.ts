/** What a page says to the shared worker that holds the event stream. */
export type PageMessage = "here" | "leaving";

/** A page says this often that it is there; browsers slow a hidden page's timers down to once a minute. */
export const HERE_EVERY_MS = 20_000;
