import { nextTick, shallowRef } from "vue";
import { describe, expect, it } from "vitest";
import type { Range } from "@/domain/ruler";
import { useSelection } from "./useSelection";

const selected = () => {
  const span = shallowRef<Range>([1000, 4600]);
  return { span, selection: useSelection(span) };
};

describe("a selection", () => {
  it("is the whole period until something is chosen", () => {
    const { selection } = selected();
    expect(selection.isChosen.value).toBe(false);
    expect(selection.range.value).toEqual([1000, 4600]);
  });

  it("has one end or two", () => {
    const { selection } = selected();
    selection.begin(2000);
    expect(selection.range.value).toEqual([2000, 4600]);
    selection.end(3000);
    expect(selection.range.value).toEqual([2000, 3000]);
  });

  it("is never turned about: what lies beyond the new end goes", () => {
    const { selection } = selected();
    selection.begin(2000);
    selection.end(1500);
    expect(selection.range.value).toEqual([1000, 1500]);
  });

  it("ends with the period it was made in", async () => {
    const { span, selection } = selected();
    selection.begin(2000);
    span.value = [4600, 8200];
    await nextTick();
    expect(selection.isChosen.value).toBe(false);
  });

  it("is verified in a part that surrounds the moment shown", () => {
    const { selection } = selected();
    const [from, to] = selection.upTo(900, 3000);
    expect(to - from).toBe(900);
    expect(from).toBeLessThanOrEqual(3000);
    expect(to).toBeGreaterThan(3000);
    selection.begin(2000.5);
    selection.end(2100.5);
    expect(selection.upTo(900, 3000)).toEqual([2000, 2100]);
  });
});
