/** One screen a path. `meta.title` names it in the browser's tab. */
import { createRouter, createWebHistory, type RouteLocationNormalized } from "vue-router";
import type { Key } from "@/i18n";

const titled = (title: Key, theme: "dark" | "light" = "light") => ({ title, theme });
const span = (opened: string) => ({ query }: RouteLocationNormalized) => ({
  camera: query["camera"],
  from: query["from"],
  to: query["to"],
  opened: query[opened],
});

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/", component: () => import("./home/HomeScreen.vue"), meta: titled("app.name") },
    { path: "/wall", component: () => import("./wall/WallScreen.vue"), meta: titled("nav.wall", "dark") },
    {
      path: "/desk/track/:device?",
      component: () => import("./track/TrackScreen.vue"),
      props: true,
      meta: titled("nav.track"),
    },
    { path: "/desk/rooms", component: () => import("./rooms/RoomsScreen.vue"), meta: titled("nav.rooms") },
    {
      path: "/desk/video/:camera?",
      component: () => import("./video/VideoScreen.vue"),
      props: true,
      meta: titled("nav.video", "dark"),
    },
    { path: "/desk/evidence", component: () => import("./playback/EvidenceScreen.vue"), meta: titled("nav.evidence", "dark") },
    {
      path: "/desk/exports",
      component: () => import("./evidence/ExportsScreen.vue"),
      props: span("export"),
      meta: titled("nav.exports"),
    },
    {
      path: "/desk/holds",
      component: () => import("./holds/HoldsScreen.vue"),
      props: span("hold"),
      meta: titled("nav.holds"),
    },
    { path: "/desk/intake", component: () => import("./intake/IntakeScreen.vue"), meta: titled("nav.intake") },
    { path: "/desk/:alert?", component: () => import("./desk/DeskScreen.vue"), props: true, meta: titled("nav.desk") },
    { path: "/:rest(.*)*", component: () => import("./home/HomeScreen.vue"), props: { lost: true }, meta: titled("lost.title") },
  ],
});

router.afterEach((to) => {
  document.documentElement.dataset["theme"] = to.meta["theme"] === "dark" ? "dark" : "light";
});
