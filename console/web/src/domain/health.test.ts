import { describe, expect, it } from "vitest";
import type { SystemComponent } from "@/api/types";
import { healthLine } from "./health";

const part = (id: string, detail: Record<string, unknown>, state: SystemComponent["state"] = "ok"): SystemComponent => ({
  id,
  state,
  detail,
});

describe("a part of the system", () => {
  it("tells the database's kind, size and answer time", () => {
    const detail = { bytes: 10_330_639, server_version: "18.6 (Debian)", answer_ms: 2.4, timescaledb: false };
    expect(healthLine(part("database", detail))).toBe("PostgreSQL 18.6 · 10 MB · 应答 2 ms");
  });

  it("tells how long ago the slowest ingest worker saved", () => {
    const workers = [{ name: "a", saved_s_ago: 3.2 }, { name: "b", saved_s_ago: 61 }];
    expect(healthLine(part("ingest", { workers }))).toBe("2 个进程 · 1 分 1 秒前存档");
    expect(healthLine(part("ingest", { workers: [] }, "down"))).toBe("尚未存档");
  });

  it("tells what is wrong with a part that is down", () => {
    expect(healthLine(part("broker", { address: "127.0.0.1:1", problem: "no answer" }, "down"))).toBe("no answer");
  });

  it("says nothing of a part it does not know", () => {
    expect(healthLine(part("witness", { secret: 1 }))).toBe("");
  });
});
