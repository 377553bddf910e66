/** The screens there are, what each is for, and what is happening there. */
import type { Key } from "@/i18n";

export interface Screen {
  path: string;
  name: Key;
  what: Key;
}

export const SCREENS: readonly Screen[] = [
  { path: "/desk", name: "nav.desk", what: "home.desk" },
  { path: "/wall", name: "nav.wall", what: "home.wall" },
  { path: "/desk/rooms", name: "nav.rooms", what: "home.rooms" },
  { path: "/desk/evidence", name: "nav.evidence", what: "home.evidence" },
  { path: "/desk/video", name: "nav.video", what: "home.video" },
  { path: "/desk/track", name: "nav.track", what: "home.track" },
  { path: "/desk/exports", name: "nav.exports", what: "home.exports" },
  { path: "/desk/holds", name: "nav.holds", what: "home.holds" },
  { path: "/desk/intake", name: "nav.intake", what: "home.intake" },
];
