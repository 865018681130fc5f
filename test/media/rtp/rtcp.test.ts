import { packets } from 'rtp.js';
import { test } from 'tap';
import { formatRtcp, parseRtcp, type ReportBlock } from '../../../src/media/rtp/rtcp.ts';
import { seededRandom } from '../jitter/network.ts';

const BLOCK: ReportBlock = {
  ssrc: 0xcafe,
  fractionLost: 12,
  cumulativeLost: 5_000,
  extendedHighest: 70_000,
  jitter: 33,
  lastSr: 0x89abcdef,
  delaySinceLastSr: 65_536,
};
const SENDER = { wallMs: 1_764_000_000_500, rtpTimestamp: 123_456, packetCount: 7, octetCount: 1_120 };

test('reports carry losses of any size and sign, where rtp.js alone garbles them', (t) => {
  for (const cumulativeLost of [0, 1, 4_095, 4_096, 8_388_607, -1, -8_388_608, 99_999_999, -99_999_999]) {
    for (const sender of [SENDER, null]) {
      const bytes = Buffer.from(
        formatRtcp({ ssrc: 1, cname: 'x@y', sender, block: { ...BLOCK, cumulativeLost }, bye: false }),
      );
      const { ssrc: _, ...about } = BLOCK;
      const expected = Math.max(-8_388_608, Math.min(8_388_607, cumulativeLost));
      t.same(parseRtcp(bytes, 0xcafe)?.aboutUs, { ...about, cumulativeLost: expected });
      t.equal(parseRtcp(bytes, 0xbeef)?.aboutUs, null, 'what is said of others is theirs');
    }
  }
  t.end();
});

test('a minus one is ff ff ff on the wire (RFC 3550 section 6.4.1)', (t) => {
  const bytes = formatRtcp({ ssrc: 1, cname: 'x', sender: null, block: { ...BLOCK, cumulativeLost: -1 }, bye: false });
  t.same([...bytes.subarray(12, 16)], [12, 0xff, 0xff, 0xff]);
  t.end();
});

test('a compound packet begins with the report, then the CNAME, and ends with BYE', (t) => {
  const bytes = formatRtcp({ ssrc: 0x1234, cname: 'lane@speakerpost', sender: SENDER, block: null, bye: true });
  const [report, description, bye] = new packets.CompoundPacket(
    new DataView(Uint8Array.from(bytes).buffer),
  ).getPackets();
  if (!(report instanceof packets.SenderReportPacket)) return void t.fail('no SR');
  t.equal(report.getNtpSeconds(), 1_764_000_000 + 2_208_988_800);
  t.equal(report.getNtpFraction(), 2 ** 31);
  t.same([report.getRtpTimestamp(), report.getPacketCount(), report.getOctetCount()], [123_456, 7, 1_120]);
  if (!(description instanceof packets.SdesPacket)) return void t.fail('no SDES');
  t.same(description.getChunks()[0]?.getItems(), [{ type: 1, text: 'lane@speakerpost' }]);
  t.ok(bye instanceof packets.ByePacket);
  const parsed = parseRtcp(Buffer.from(bytes), 1);
  t.same(parsed, {
    senderReport: { ssrc: 0x1234, middleNtp: parsed?.senderReport?.middleNtp },
    aboutUs: null,
    bye: true,
  });
  t.equal(parsed?.senderReport?.middleNtp, ((((1_764_000_000 + 2_208_988_800) & 0xffff) << 16) | 0x8000) >>> 0);
  t.end();
});

test('20,000 mutilated compound packets are read or refused, never more', (t) => {
  const random = seededRandom(9);
  const base = Buffer.from(formatRtcp({ ssrc: 1, cname: 'x@y', sender: SENDER, block: BLOCK, bye: true }));
  let read = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(base.subarray(0, random() < 0.5 ? base.length : Math.floor(random() * base.length)));
    for (let flip = 0; flip < 2 && bytes.length > 0; flip++)
      bytes[Math.floor(random() * bytes.length)] = random() * 256;
    if (parseRtcp(bytes, 0xcafe) !== null) read++;
  }
  t.ok(read > 100 && read < 20_000, `${read} were read`);
  t.end();
});
