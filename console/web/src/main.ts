import { createApp } from "vue";
import App from "./App.vue";
import { nameLanguage } from "./i18n";
import { router } from "./router";
import { goLive } from "./stores/live";
import { showTitle } from "./stores/title";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/form.css";
import "./styles/map.css";
import "./styles/phone.css";

nameLanguage();
goLive();
showTitle(router);
createApp(App).use(router).mount("#app");
