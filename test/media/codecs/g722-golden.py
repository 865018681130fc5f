#!/usr/bin/env python3
"""Prints the hashes of g722.test.ts, made by FFmpeg's G.722 (Debian package ffmpeg), an implementation that is not ours.

    python3 test/media/codecs/g722-golden.py

The signal is made of integers only, so that every language makes the same: noise of all levels, a square wave at full scale, silence.
"""
import array
import hashlib
import subprocess

SAMPLES = 64_000
BLOCK = 4_000


def signal():
    state = 1
    for index in range(SAMPLES):
        state = (state * 1_664_525 + 1_013_904_223) % 2**32
        noise = (state >> 16) - 32_768
        block = (index // BLOCK) % 8
        if block < 5:
            yield noise >> (3 * block)
        elif block == 5:
            yield 32_767 if index % 50 < 25 else -32_768
        elif block == 6:
            yield ((index % 37) - 18) * 500 + (noise >> 6)
        else:
            yield 0


def ffmpeg(data, *options):
    return subprocess.run(
        ["ffmpeg", "-v", "error", *options, "pipe:1"], input=data, stdout=subprocess.PIPE, check=True
    ).stdout


pcm = array.array("h", signal()).tobytes()
raw = ["-f", "s16le", "-ar", "16000", "-ac", "1"]
coded = ffmpeg(pcm, *raw, "-i", "pipe:0", "-f", "g722")
decoded = ffmpeg(coded, "-f", "g722", "-i", "pipe:0", "-f", "s16le")
print("codes  ", hashlib.sha256(coded).hexdigest(), len(coded))
print("samples", hashlib.sha256(decoded).hexdigest(), len(decoded) // 2)
