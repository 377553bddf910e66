/** One WHEP session: a connection that receives a camera's H.264, and what its statistics say. */
import { endWhep, whep } from "@/api/client";

export interface Session {
  connection: RTCPeerConnection;
  stream: MediaStream;
  /** Whether the server closed it; the connection itself stays "connected" for long then. */
  isEnded(): boolean;
  leave(): void;
}

export interface Figures {
  decoded: number;
  /** From the console's sending a picture to its being decoded here, mean since the figures before; null at first. */
  latencyS: number | null;
}

/** Joins `camera`. Fails with the server's problem where it refuses, or when `signal` aborts. */
export async function join(camera: string, signal: AbortSignal): Promise<Session> {
  const connection = new RTCPeerConnection();
  let location = "";
  const leave = () => {
    connection.close();
    endWhep(location);
    location = "";
  };
  try {
    const stream = new MediaStream();
    const transceiver = connection.addTransceiver("video", { direction: "recvonly" });
    const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs ?? [];
    transceiver.setCodecPreferences(codecs.filter((c) => /^video\/(h264|rtx)$/i.test(c.mimeType)));
    if ("jitterBufferTarget" in transceiver.receiver) transceiver.receiver.jitterBufferTarget = 0;
    stream.addTrack(transceiver.receiver.track);
    await connection.setLocalDescription();
    const told = await whep(camera, connection.localDescription?.sdp ?? "", signal);
    location = told.location;
    await connection.setRemoteDescription({ type: "answer", sdp: told.answer });
    const isEnded = () => transceiver.receiver.transport?.state === "closed";
    return { connection, stream, isEnded, leave };
  } catch (error) {
    leave();
    throw error;
  }
}

interface Inbound {
  type: string;
  kind?: string;
  framesDecoded?: number;
  totalProcessingDelay?: number;
  currentRoundTripTime?: number;
}

/** Reads the figures of a connection again and again; each time since the last. */
export function measure(connection: RTCPeerConnection): () => Promise<Figures> {
  let [frames, delayS] = [0, 0];
  return async () => {
    const reports: Inbound[] = [];
    (await connection.getStats()).forEach((report: Inbound) => reports.push(report));
    const video = reports.find((r) => r.type === "inbound-rtp" && r.kind === "video");
    const wayS = reports.find((r) => r.type === "candidate-pair" && r.currentRoundTripTime)?.currentRoundTripTime ?? 0;
    const decoded = video?.framesDecoded ?? 0;
    const processedS = video?.totalProcessingDelay ?? 0;
    const fresh = decoded - frames;
    const latencyS = fresh > 0 ? (processedS - delayS) / fresh + wayS / 2 : null;
    [frames, delayS] = [decoded, processedS];
    return { decoded, latencyS };
  };
}
