import t from 'tap';
import { formatOggPage, lacingCount, oggCrc } from '../../../src/media/recording/ogg-page.ts';
import { opusHead, opusTags } from '../../../src/media/recording/opus-headers.ts';

t.test('the CRC is the one of RFC 3533: its check value over "123456789"', async (t) => {
  // CRC-32 with polynomial 04c11db7, start 0, neither reflected nor inverted: the remainder of CRC-32/CKSUM before its length and inversion.
  t.equal(oggCrc(new TextEncoder().encode('123456789')), 0x89a1897f);
});

t.test('a packet of a multiple of 255 bytes ends with a lacing value of 0', async (t) => {
  const packets = [new Uint8Array(255).fill(1), new Uint8Array(3).fill(2), new Uint8Array(256).fill(3)];
  t.same(packets.map(lacingCount), [2, 1, 2]);
  const page = formatOggPage({
    serial: 0x01020304,
    sequence: 7,
    granule: 2 ** 40 + 5,
    first: false,
    last: true,
    packets,
  });
  t.equal(Buffer.from(page.subarray(0, 4)).toString(), 'OggS');
  t.equal(page[5], 4, 'end of stream');
  t.equal(page[26], 5);
  t.same([...page.subarray(27, 32)], [255, 0, 3, 255, 1]);
  const view = new DataView(page.buffer);
  t.equal(view.getBigInt64(6, true), 2n ** 40n + 5n);
  t.equal(view.getUint32(14, true), 0x01020304);
  t.equal(view.getUint32(18, true), 7);
  t.equal(page.length, 32 + 255 + 3 + 256);
});

t.test('the headers are laid out as in RFC 7845', async (t) => {
  t.same(
    [...opusHead(2, 312, 24_000)],
    [...new TextEncoder().encode('OpusHead'), 1, 2, 0x38, 0x01, 0xc0, 0x5d, 0, 0, 0, 0, 0],
  );
  const tags = Buffer.from(opusTags('v', { A: 'ü' }));
  t.same([...tags], [...Buffer.from('OpusTags'), 1, 0, 0, 0, 0x76, 1, 0, 0, 0, 4, 0, 0, 0, 0x41, 0x3d, 0xc3, 0xbc]);
});
