import { packets } from 'rtp.js';
import { test } from 'tap';
import { emptyRtpHeader, looksLikeRtcp, readRtp } from '../../../src/media/rtp/rtp-reader.ts';
import { RtpWriter } from '../../../src/media/rtp/rtp-writer.ts';
import { seededRandom } from '../jitter/network.ts';

const toBuffer = (view: DataView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);

/** A packet made by rtp.js. */
function build(change: (packet: packets.RtpPacket) => void): Buffer {
  const packet = new packets.RtpPacket();
  packet.setPayloadType(8);
  packet.setSequenceNumber(65_535);
  packet.setTimestamp(4_294_967_295);
  packet.setSsrc(0xdeadbeef);
  packet.setPayload(new DataView(Uint8Array.of(1, 2, 3, 4, 5).buffer));
  change(packet);
  packet.serialize();
  return toBuffer(packet.getView());
}

test('a packet of rtp.js is read: plain, with contributing sources, an extension, padding, and all of them', (t) => {
  const changes: ((packet: packets.RtpPacket) => void)[] = [
    () => {},
    (packet) => packet.setCsrcs([1, 2, 3]),
    (packet) => packet.enableOneByteExtensions(),
    (packet) => packet.padTo4Bytes(),
    (packet) => {
      packet.setCsrcs([9]);
      packet.padTo4Bytes();
      packet.setMarker(true);
    },
  ];
  for (const change of changes) {
    const header = emptyRtpHeader();
    const bytes = build(change);
    t.equal(readRtp(bytes, header), true);
    t.match(header, { payloadType: 8, sequence: 65_535, timestamp: 4_294_967_295, ssrc: 0xdeadbeef });
    t.same([...bytes.subarray(header.payloadStart, header.payloadEnd)], [1, 2, 3, 4, 5]);
  }
  t.end();
});

test('what we write, rtp.js reads; numbers go on and wrap', (t) => {
  const values = [0xfffffff0, 0xffff, 0xffffff9c];
  const writer = new RtpWriter(() => values.shift() ?? 0);
  const read = [true, false].map((marker) => {
    const bytes = writer.packet(101, marker, 160);
    bytes.fill(0x55, 12);
    writer.advance(160);
    return new packets.RtpPacket(new DataView(Uint8Array.from(bytes).buffer));
  });
  t.same(
    read.map((packet) => [packet.getSequenceNumber(), packet.getTimestamp(), packet.getMarker(), packet.getSsrc()]),
    [
      [0xffff, 0xffffff9c, true, 0xfffffff0],
      [0, 60, false, 0xfffffff0],
    ],
  );
  t.equal(read[0]?.getPayload().byteLength, 160);
  t.equal(read[0]?.getPayloadType(), 101);
  t.same([writer.packetCount, writer.octetCount], [2, 320]);
  t.throws(() => writer.packet(0, false, 1_281), RangeError);
  t.end();
});

test('eight packets may be on their way at once: none is overwritten', (t) => {
  const writer = new RtpWriter(() => 5);
  const sent = Array.from({ length: 8 }, (_, index) => writer.packet(0, false, 4).fill(index, 12));
  t.same(
    sent.map((packet) => [packet.readUInt16BE(2), packet[15]]),
    Array.from({ length: 8 }, (_, index) => [5 + index, index]),
  );
  t.end();
});

test('100,000 random and mutilated datagrams are read or refused, never more', (t) => {
  const random = seededRandom(4);
  const bases = [build(() => {}), build((packet) => packet.setCsrcs([1, 2])), build((packet) => packet.padTo4Bytes())];
  const header = emptyRtpHeader();
  let read = 0;
  for (let round = 0; round < 100_000; round++) {
    const base = bases[round % 4] ?? Buffer.from(Array.from({ length: random() * 40 }, () => random() * 256));
    const bytes = Buffer.from(base.subarray(0, Math.floor(random() * (base.length + 1))));
    for (let flip = 0; flip < 3 && bytes.length > 0; flip++)
      bytes[Math.floor(random() * bytes.length)] = random() * 256;
    if (!readRtp(bytes, header)) continue;
    read++;
    const inside =
      header.payloadStart >= 12 && header.payloadStart <= header.payloadEnd && header.payloadEnd <= bytes.length;
    if (!inside) t.fail(`payload ${header.payloadStart}..${header.payloadEnd} of ${bytes.toString('hex')}`);
  }
  t.ok(read > 1_000, `${read} were read`);
  t.end();
});

test('RTCP on a shared port is told from RTP by its second byte', (t) => {
  t.equal(looksLikeRtcp(Buffer.from([0x80, 200, 0, 1, 0, 0, 0, 1])), true);
  t.equal(looksLikeRtcp(Buffer.from([0x80, 200, 0, 1])), false);
  t.equal(looksLikeRtcp(build((packet) => packet.setMarker(true))), false);
  t.equal(looksLikeRtcp(Buffer.alloc(0)), false);
  t.end();
});
