import { packets } from 'rtp.js';

/** rtp.js exports the SDES item types as types only (0.15.5); RFC 3550 section 6.5.1. */
const SDES_CNAME = 1;
const NTP_EPOCH_SECONDS = 2_208_988_800;

/** What we say of a source (RFC 3550 section 6.4.1). */
export interface ReportBlock {
  readonly ssrc: number;
  /** In 1/256. */
  readonly fractionLost: number;
  /** Signed; clamped to 24 bits. */
  readonly cumulativeLost: number;
  readonly extendedHighest: number;
  readonly jitter: number;
  /** Middle 32 bits of the NTP time of the source's last SR, and the time since it in 1/65536 s; 0 without one. */
  readonly lastSr: number;
  readonly delaySinceLastSr: number;
}

/** The sender part of an SR; null makes an RR. */
export interface SenderInfo {
  readonly wallMs: number;
  readonly rtpTimestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
}

export interface ReportContent {
  readonly ssrc: number;
  readonly cname: string;
  readonly sender: SenderInfo | null;
  readonly block: ReportBlock | null;
  readonly bye: boolean;
}

/** A compound packet: SR or RR, SDES with the CNAME, and BYE at the end of the stream (RFC 3550 section 6.1). */
export function formatRtcp(content: ReportContent): Uint8Array {
  const compound = new packets.CompoundPacket();
  const report = content.sender === null ? new packets.ReceiverReportPacket() : new packets.SenderReportPacket();
  report.setSsrc(content.ssrc);
  if (content.sender !== null && report instanceof packets.SenderReportPacket) {
    const seconds = content.sender.wallMs / 1_000;
    report.setNtpSeconds(Math.floor(seconds) + NTP_EPOCH_SECONDS);
    report.setNtpFraction(Math.floor((seconds % 1) * 2 ** 32));
    report.setRtpTimestamp(content.sender.rtpTimestamp);
    report.setPacketCount(content.sender.packetCount >>> 0);
    report.setOctetCount(content.sender.octetCount >>> 0);
  }
  if (content.block !== null) report.addReport(formatBlock(content.block));
  compound.addPacket(report);
  const chunk = new packets.SdesChunk();
  chunk.setSsrc(content.ssrc);
  chunk.addItem(SDES_CNAME, content.cname);
  const description = new packets.SdesPacket();
  description.addChunk(chunk);
  compound.addPacket(description);
  if (content.bye) {
    const bye = new packets.ByePacket();
    bye.addSsrc(content.ssrc);
    compound.addPacket(bye);
  }
  compound.serialize();
  const view = compound.getView();
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  if (content.block !== null) {
    // rtp.js 0.15.5 writes a negative loss as sign and magnitude; the RFC wants two's complement in bytes 5 to 7 of the block.
    const blockAt = content.sender === null ? 8 : 28;
    writeInt24(bytes, blockAt + 5, content.block.cumulativeLost);
  }
  return bytes;
}

/** What we learn from the peer's compound packet. */
export interface ReceivedRtcp {
  /** Middle 32 bits of the NTP time of its SR; null for an RR. */
  readonly senderReport: { readonly ssrc: number; readonly middleNtp: number } | null;
  /** What it says of the source `ourSsrc`. */
  readonly aboutUs: Omit<ReportBlock, 'ssrc'> | null;
  readonly bye: boolean;
}

/** Null when the bytes are no compound packet. Never throws. */
export function parseRtcp(bytes: Buffer, ourSsrc: number): ReceivedRtcp | null {
  const parsed = parseCompound(bytes);
  if (parsed === null) return null;
  let senderReport: ReceivedRtcp['senderReport'] = null;
  let aboutUs: ReceivedRtcp['aboutUs'] = null;
  let bye = false;
  let at = 0;
  for (const packet of parsed) {
    if (packet instanceof packets.SenderReportPacket) {
      const middleNtp = (((packet.getNtpSeconds() & 0xffff) << 16) | (packet.getNtpFraction() >>> 16)) >>> 0;
      senderReport = { ssrc: packet.getSsrc(), middleNtp };
    }
    if (packet instanceof packets.SenderReportPacket || packet instanceof packets.ReceiverReportPacket) {
      const firstBlock = at + (packet instanceof packets.SenderReportPacket ? 28 : 8);
      packet.getReports().forEach((report, index) => {
        if (report.getSsrc() === ourSsrc) aboutUs = readBlock(report, bytes, firstBlock + 24 * index);
      });
    }
    if (packet instanceof packets.ByePacket) bye = true;
    at += 4 * (bytes.readUInt16BE(at + 2) + 1);
  }
  return { senderReport, aboutUs, bye };
}

function parseCompound(bytes: Buffer): packets.RtcpPacket[] | null {
  try {
    return new packets.CompoundPacket(new DataView(bytes.buffer, bytes.byteOffset, bytes.length)).getPackets();
  } catch {
    // Malformed: the caller counts it as refused.
    return null;
  }
}

function formatBlock(block: ReportBlock): packets.ReceptionReport {
  const report = new packets.ReceptionReport();
  report.setSsrc(block.ssrc);
  report.setFractionLost(block.fractionLost);
  report.setHighestSeqNumber(block.extendedHighest >>> 0);
  report.setJitter(block.jitter >>> 0);
  report.setLastSRTimestamp(block.lastSr);
  report.setDelaySinceLastSR(block.delaySinceLastSr >>> 0);
  return report;
}

function readBlock(report: packets.ReceptionReport, bytes: Buffer, at: number): Omit<ReportBlock, 'ssrc'> {
  return {
    fractionLost: report.getFractionLost(),
    // rtp.js 0.15.5 masks this field with 12 bits.
    cumulativeLost: bytes.readIntBE(at + 5, 3),
    extendedHighest: report.getHighestSeqNumber(),
    jitter: report.getJitter(),
    lastSr: report.getLastSRTimestamp(),
    delaySinceLastSr: report.getDelaySinceLastSR(),
  };
}

function writeInt24(bytes: Uint8Array, at: number, value: number): void {
  const clamped = Math.max(-0x800000, Math.min(0x7fffff, value));
  bytes[at] = (clamped >> 16) & 0xff;
  bytes[at + 1] = (clamped >> 8) & 0xff;
  bytes[at + 2] = clamped & 0xff;
}
