/* What of a page can't be read or reached, by boxes and styles: an object of questions, for `layout.py`. */
(() => {
  const seen = (e) =>
    e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
    e.getBoundingClientRect().width > 1 && // else it is for who hears the page
    !e.closest("[aria-hidden=true], .maplibregl-map, .skip");
  const upTo = (e, test) => {
    for (let up = e; up; up = up.parentElement) if (test(up)) return up;
    return null;
  };
  const overflow = (e, axis, ...kinds) => kinds.includes(getComputedStyle(e)[`overflow${axis}`]);
  const said = (e) => `${e.tagName.toLowerCase()}.${e.className}: ${(e.textContent || e.value || "").trim().slice(0, 40)}`;
  const words = (e) => [...e.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  const boxOf = (node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return range.getBoundingClientRect();
  };
  const all = (selector) => [...document.querySelectorAll(`.app ${selector}`)].filter(seen);

  /* How `text` reaches out of the window, or of what cuts it off; empty where it does not. Down one may scroll, sideways
   * only in a row of links and in what a device sent. */
  function reach(e, text) {
    if (!e.closest("nav, pre")) {
      if (text.right > innerWidth + 1 || text.left < -1) return "outside";
      const frame = upTo(e, (up) => !overflow(up, "X", "visible"))?.getBoundingClientRect();
      if (frame && (text.right > frame.right + 1 || text.left < frame.left - 1)) return "cut";
    }
    const above = upTo(e, (up) => overflow(up, "Y", "hidden", "clip"));
    const roll = upTo(e, (up) => overflow(up, "Y", "auto", "scroll"));
    if (!above || (roll && above.contains(roll))) return "";
    const frame = above.getBoundingClientRect();
    const air = 0.2 * parseFloat(getComputedStyle(e).fontSize); // a font leaves so much above and below its letters
    return text.bottom > frame.bottom + air || text.top < frame.top - air ? "cut below or above" : "";
  }

  return {
    cut() {
      const found = new Set();
      for (const e of all("*")) {
        for (const node of words(e)) {
          const text = boxOf(node);
          const how = text.width ? reach(e, text) : "";
          if (how) found.add(`${how} ${said(e)}`);
        }
      }
      return [...found];
    },

    covered() {
      const found = [];
      for (const e of all(":is(button, a[href], input, select, textarea, summary)")) {
        if (e.tabIndex < 0 || e.closest(".rail, [inert]")) continue;
        e.scrollIntoView({ block: "center", inline: "center" });
        const box = e.getBoundingClientRect();
        const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
        if (!hit || !(e.contains(hit) || hit.contains(e))) found.push(`${said(e)} under ${hit ? said(hit) : "nothing"}`);
      }
      return found;
    },

    small(least) {
      const fields = "input:not([type=checkbox], [type=range])";
      const acts = `:is(button, select, textarea, ${fields}, nav a, a[data-screen], a[data-home], a[data-alert])`;
      return all(acts)
        .filter((e) => !(e.tabIndex < 0 && e.closest(".rail")) && e.getBoundingClientRect().height < least - 0.5)
        .map((e) => `${said(e)} is ${Math.round(e.getBoundingClientRect().height)} px`);
    },

    tiny(least) {
      const size = (e) => parseFloat(getComputedStyle(e).fontSize);
      return all("*")
        .filter((e) => e.tagName !== "KBD" && words(e).length && size(e) < least - 0.1)
        .map((e) => `${said(e)} is ${size(e)} px`);
    },

    meet([one, other]) {
      const [a, b] = [one, other].map((selector) => document.querySelector(selector).getBoundingClientRect());
      return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    },
  };
})()
