"""Prints the hashes that g711.test.ts expects. Independent of the product: it builds the decision values of ITU-T G.711
tables 1a and 2a segment by segment and looks each sample up among them; the product computes codes from leading zeros.
16-bit samples are cut to 14 (mu-law) and 13 (A-law) bits, negative ones folded by one's complement as in ITU-T G.191.
The decoders' hashes equal those of Python's audioop.ulaw2lin and alaw2lin (3.11), a third implementation.

    python3 test/media/codecs/g711-decision-values.py
"""

import bisect
import hashlib
import struct


def decision_values(widths):
    """Lower edges of the 128 intervals, and the overload point."""
    edges = [0]
    for width in widths:
        edges.append(edges[-1] + width)
    return edges


def sha256(data):
    return hashlib.sha256(bytes(data)).hexdigest()


MU = decision_values([1 if step == 0 else 2 << (step // 16) for step in range(128)])
A = decision_values([1 if step < 32 else 1 << (step // 16 - 1) for step in range(128)])
assert (MU[16], MU[32], MU[112], MU[128]) == (31, 95, 4063, 8159)  # G.711 table 2a, column 3
assert (A[32], A[48], A[112], A[128]) == (32, 64, 1024, 2048)  # G.711 table 1a, column 3, halved

mu_codes, a_codes = [], []
for sample in range(-32768, 32768):
    magnitude = sample if sample >= 0 else ~sample
    mu_codes.append((0xFF if sample >= 0 else 0x7F) - min(127, bisect.bisect_right(MU, magnitude >> 2) - 1))
    a_codes.append(((0x80 if sample >= 0 else 0) + min(127, bisect.bisect_right(A, magnitude >> 4) - 1)) ^ 0x55)

mu_values, a_values = b"", b""
for code in range(256):
    step = (0xFF - code) & 0x7F
    value = 0 if step == 0 else (MU[step] + MU[step + 1]) // 2 * 4
    mu_values += struct.pack("<h", value if code & 0x80 else -value)
    step = (code ^ 0x55) & 0x7F
    value = (A[step] + A[step + 1]) * 8
    a_values += struct.pack("<h", value if code & 0x80 else -value)

print("PCMU codes ", sha256(mu_codes))
print("PCMA codes ", sha256(a_codes))
print("PCMU values", sha256(mu_values))
print("PCMA values", sha256(a_values))
