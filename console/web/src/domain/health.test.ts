import { describe, expect, it } from "vitest";
import type { SystemComponent, SystemState } from "@/api/types";
import { healthLine, illParts, recordingOf, rulesRun, waitingOf } from "./health";

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

  it("tells how long ago the slowest ingest worker committed, and what waits longer than usual", () => {
    const quick = { name: "a", committed_s_ago: 0.4, waiting: 3, oldest_waiting_s: 0.1 };
    const slow = { name: "b", committed_s_ago: 61, waiting: 900, oldest_waiting_s: 45 };
    expect(healthLine(part("ingest", { workers: [quick] }))).toBe("1 个进程 · 0 秒前入库");
    expect(healthLine(part("ingest", { workers: [quick, slow] }))).toBe(
      "2 个进程 · 1 分 1 秒前入库 · 903 条待入库，最久 45 秒",
    );
    expect(healthLine(part("ingest", { workers: [] }, "down"))).toBe("尚未入库");
  });

  it("tells how many cameras are written to disk, and which are not", () => {
    const detail = { cameras: 7, recorded: 6, oldest_s: 90, silent: ["户籍窗口"] };
    expect(healthLine(part("cameras", detail, "degraded"))).toBe("6/7 路正在录像 · 未录：户籍窗口");
  });

  it("tells in words what is wrong with a part that is down", () => {
    expect(healthLine(part("broker", { address: "127.0.0.1:1", problem: "unreachable" }, "down"))).toBe("无法连接");
    expect(healthLine(part("database", { problem: "something new" }, "down"))).toBe("有故障，详见服务器日志");
  });

  it("says that the rules run only where ingest is well, and that nobody knows where nobody says", () => {
    const system = (...components: SystemComponent[]) => ({ components }) as SystemState;
    const database = part("database", {});
    expect(rulesRun(system(database, part("ingest", {})))).toBe(true);
    expect(rulesRun(system(database, part("ingest", {}, "degraded")))).toBe(false);
    expect(rulesRun(system(part("database", {}, "down"), part("ingest", {})))).toBeNull();
    expect(rulesRun(system(database))).toBeNull();
    expect(rulesRun(null)).toBeNull();
  });

  it("counts the cameras that are written to disk, where the server says so", () => {
    const told = { components: [part("cameras", { cameras: 7, recorded: 6 })] } as unknown as SystemState;
    expect(recordingOf(told)).toEqual({ whole: 6, of: 7 });
    expect(recordingOf({ components: [] } as unknown as SystemState)).toBeNull();
    expect(recordingOf(null)).toBeNull();
  });

  it("counts what waits for somebody, and says nothing where the database does not answer", () => {
    const system = (...components: SystemComponent[]) => ({ components }) as SystemState;
    const told = part("ingest", { unknown_devices: 3, dead_letters: 0 });
    expect(waitingOf(system(part("database", {}), told))).toEqual({ devices: 3, letters: 0 });
    expect(waitingOf(system(part("database", {}, "down"), told))).toBeNull();
    expect(waitingOf(system(part("database", {}), part("ingest", {})))).toBeNull();
    expect(waitingOf(system(part("database", {})))).toBeNull();
    expect(waitingOf(null)).toBeNull();
  });

  it("names what is not well, the worst first", () => {
    const components = [part("database", {}), part("cameras", {}, "degraded"), part("broker", {}, "down")];
    expect(illParts({ components } as unknown as SystemState).map((c) => c.id)).toEqual(["broker", "cameras"]);
    expect(illParts(null)).toEqual([]);
  });

  it("says nothing of a part it does not know", () => {
    expect(healthLine(part("witness", { secret: 1 }))).toBe("");
  });
});
