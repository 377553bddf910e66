import { describe, expect, it } from "vitest";
import { bookmarksOf, MOST_BOOKMARKS, readBookmarks, withBookmark, type Bookmark } from "./bookmarks";

const mark = (at: number, cameras = ["a"], label = ""): Bookmark => ({ at, cameras, label });

describe("bookmarks", () => {
  it("come back as they were kept", () => {
    const marks = [mark(1), mark(2, ["a", "b"], "door")];
    expect(readBookmarks(JSON.stringify(marks))).toEqual(marks);
  });

  it.each([null, "", "no JSON", "{}", '[{"at":"1"}]', '[{"at":1,"label":"x","cameras":[1]}]', "[null]"])(
    "are none where %s was kept",
    (kept) => {
      expect(readBookmarks(kept)).toEqual([]);
    },
  );

  it("replace one of the same moment and cameras", () => {
    expect(withBookmark([mark(1)], mark(1, ["a"], "again"))).toEqual([mark(1, ["a"], "again")]);
    expect(withBookmark([mark(1)], mark(1, ["b"]))).toHaveLength(2);
  });

  it("are bounded", () => {
    const many = Array.from({ length: MOST_BOOKMARKS }, (_, i) => mark(i));
    const kept = withBookmark(many, mark(-1));
    expect(kept).toHaveLength(MOST_BOOKMARKS);
    expect(kept.at(-1)!.at).toBe(-1);
  });

  it("are shown for the cameras in sight, in the order of time", () => {
    expect(bookmarksOf([mark(3, ["b"]), mark(2), mark(1, ["a", "b"])], ["b"]).map((m) => m.at)).toEqual([1, 3]);
  });
});
