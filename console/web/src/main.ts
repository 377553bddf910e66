import { createApp } from "vue";
import App from "./App.vue";
import { rememberLanguage } from "./i18n";
import { router } from "./router";
import { goLive } from "./stores/live";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/form.css";
import "./styles/map.css";

rememberLanguage();
goLive();
createApp(App).use(router).mount("#app");
