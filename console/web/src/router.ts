/** One screen a path. */
import { createRouter, createWebHistory } from "vue-router";

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: "/", redirect: "/wall" },
    { path: "/wall", component: () => import("./wall/WallScreen.vue"), meta: { theme: "dark" } },
    { path: "/desk/track/:device?", component: () => import("./track/TrackScreen.vue"), props: true },
    { path: "/desk/rooms", component: () => import("./rooms/RoomsScreen.vue") },
    { path: "/desk/video/:camera?", component: () => import("./video/VideoScreen.vue"), props: true, meta: { theme: "dark" } },
    { path: "/desk/evidence", component: () => import("./playback/EvidenceScreen.vue"), meta: { theme: "dark" } },
    {
      path: "/desk/exports",
      component: () => import("./evidence/ExportsScreen.vue"),
      props: ({ query }) => ({ camera: query["camera"], from: query["from"], to: query["to"], opened: query["export"] }),
    },
    {
      path: "/desk/holds",
      component: () => import("./holds/HoldsScreen.vue"),
      props: ({ query }) => ({ camera: query["camera"], from: query["from"], to: query["to"], opened: query["hold"] }),
    },
    { path: "/desk/:alert?", component: () => import("./desk/DeskScreen.vue"), props: true },
    { path: "/:rest(.*)*", redirect: "/wall" },
  ],
});

router.afterEach((to) => {
  document.documentElement.dataset["theme"] = to.meta["theme"] === "dark" ? "dark" : "light";
});
