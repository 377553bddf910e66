import { beforeEach, describe, expect, it } from "vitest";
import { NoAnswer, ProblemError } from "@/api/errors";
import type { Problem } from "@/api/types";
import { language } from "@/i18n";
import { told } from "./problems";

const answer = (status: number, kind: string, more: Problem = {}) =>
  new ProblemError(status, { type: `urn:ducha:problem:${kind}`, title: "A title", detail: "x: expected y", ...more });

beforeEach(() => {
  language.value = "zh";
});

describe("a problem that the server tells of", () => {
  it("is said by its kind, with the server's own words beside", () => {
    expect(told(answer(409, "same-person"))).toEqual({
      words: "申请人不能批准自己的申请，请另一人批准。",
      said: "x: expected y",
      by: "server",
    });
  });

  it("is said in the language of the screen", () => {
    language.value = "en";
    expect(told(answer(409, "same-person")).words).toBe("Whoever asked can't approve: another person must.");
  });

  it("names state and action as the screen does", () => {
    const error = answer(409, "illegal-transition", { state: "CLOSED", action: "ack" });
    expect(told(error).words).toBe("警示现为“已办结”，不能再“确认”，可能已有他人处置。请看最新状态。");
  });

  it("names the field by the label of the form", () => {
    const error = answer(422, "invalid-value", { where: "requested_by" });
    expect(told(error, { requested_by: "footage.by" }).words).toBe("所填内容不符合要求，请改正后再提交。有误项：姓名。");
  });

  it("names each field once, and none that the form does not have", () => {
    const errors = ["cameras.0", "cameras.1", "reason", "limit"].map((where) => ({ where, detail: "" }));
    const labels = { cameras: "footage.cameras", reason: "footage.reason" } as const;
    const { words } = told(answer(422, "invalid-request", { where: "cameras.0", errors }), labels);
    expect(words).toMatch(/有误项：摄像机、事由。$/);
  });

  it("of a kind without words is said by its status", () => {
    expect(told(answer(404, "not-found")).words).toBe(told(new ProblemError(404, {})).words);
    expect(told(answer(409, "of-tomorrow")).words).toBe("现在的状态不允许这样做。请看最新状态。");
  });

  it.each([
    [502, "服务器出错。请稍后再试；再次出现，请告知管理员查看服务器日志。"],
    [418, "服务器没有接受此请求。请刷新页面后再试。"],
  ])("%i without a document has words all the same", (status, words) => {
    expect(told(new ProblemError(status, {}))).toEqual({ words, said: `HTTP ${status}`, by: "server" });
  });
});

describe("what is no problem document", () => {
  it.each(["unreachable", "late", "unreadable"] as const)("%s is said without the browser's words", (why) => {
    const { words, said } = told(new NoAnswer(why));
    expect(words).toMatch(/服务器/);
    expect(said).toBe("");
  });

  it("is a fault of the page, with what the browser says of it", () => {
    expect(told(new RangeError("Invalid time value"))).toMatchObject({ said: "Invalid time value", by: "browser" });
    expect(told("no reason").said).toBe("no reason");
  });
});
