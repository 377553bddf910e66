import { describe, expect, it } from "vitest";
import { en } from "./en";
import { zh, type Key } from "./zh";

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

describe("the catalogue", () => {
  it.each(Object.keys(zh) as Key[])("says %s in both languages with the same values", (key) => {
    expect(en[key]).not.toBe("");
    expect(placeholders(en[key])).toEqual(placeholders(zh[key]));
  });

  it("has no key in English that Chinese lacks", () => {
    expect(Object.keys(en).sort()).toEqual(Object.keys(zh).sort());
  });
});

const sources = import.meta.glob<string>("../**/*.{vue,ts}", { query: "?raw", import: "default", eager: true });
const elsewhere = Object.entries(sources).filter(([path]) => !path.includes("/i18n/") && !path.startsWith("./") && !path.endsWith(".test.ts"));

describe("the screens", () => {
  it.each(elsewhere)("%s says nothing in Chinese outside the catalogue", (_path, source) => {
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$|<!--[\s\S]*?-->/gm, "");
    expect(code).not.toMatch(/[\u4e00-\u9fff]/);
  });
});
