/** Moments somebody wants to come back to. */
export interface Bookmark {
  at: number;
  cameras: string[];
  label: string;
}

export const MOST_BOOKMARKS = 500;

/** What a browser kept, without what is no bookmark. */
export function readBookmarks(kept: string | null): Bookmark[] {
  let read: unknown;
  try {
    read = JSON.parse(kept ?? "[]");
  } catch {
    return [];
  }
  return Array.isArray(read) ? read.filter(isBookmark) : [];
}

function isBookmark(value: unknown): value is Bookmark {
  const mark = value as Partial<Bookmark> | null;
  return (
    typeof mark?.at === "number" &&
    typeof mark.label === "string" &&
    Array.isArray(mark.cameras) &&
    mark.cameras.every((camera) => typeof camera === "string")
  );
}

/** With one more, in the order of time; those made first go where there are too many. */
export function withBookmark(marks: readonly Bookmark[], mark: Bookmark): Bookmark[] {
  const others = marks.filter((m) => m.at !== mark.at || m.cameras.join() !== mark.cameras.join());
  return [...others.slice(-(MOST_BOOKMARKS - 1)), mark];
}

/** Those of any of the cameras, in the order of time. */
export function bookmarksOf(marks: readonly Bookmark[], cameras: readonly string[]): Bookmark[] {
  return marks.filter((m) => m.cameras.some((camera) => cameras.includes(camera))).sort((a, b) => a.at - b.at);
}
