/** The bookmarks of this browser. */
import { ref } from "vue";
import { readBookmarks, withBookmark, type Bookmark } from "@/domain/bookmarks";

const STORED = "ducha.bookmarks";

export const bookmarks = ref<Bookmark[]>(readBookmarks(localStorage.getItem(STORED)));

function keep(marks: Bookmark[]): void {
  bookmarks.value = marks;
  localStorage.setItem(STORED, JSON.stringify(marks));
}

export const addBookmark = (mark: Bookmark): void => keep(withBookmark(bookmarks.value, mark));
export const dropBookmark = (mark: Bookmark): void => keep(bookmarks.value.filter((m) => m !== mark));
