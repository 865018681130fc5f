"""Makes test/fixtures/tokenizer/digests.json: what the reference makes of 10,000 strings, as a digest for each hundred of them.

    pip install sentencepiece==0.2.3
    python3 scripts/make-tokenizer-digests.py

The strings come from a small generator that test/engine/prompt/tokenizer-strings.ts has too, so that neither they nor their ids need be kept.
"""
import hashlib
import json

import sentencepiece as spm

COUNT, BLOCK = 10_000, 100
folder = "test/fixtures/tokenizer"
models = {"nano": "models/nano/tokenizer_spm.model", "unigram": f"{folder}/unigram.model", "bpe": f"{folder}/bpe.model"}
state = 20260


def below(limit):
    global state
    state = (state * 1664525 + 1013904223) % 2**32
    return state * limit >> 32


def choose(items):
    return items[below(len(items))]


WORDS = ("welcome to the burger barn what can i get for you today please two large fries chicken sandwich with no onions extra pickles "
         "that will be nine dollars pull forward thank you sorry we do not have café crème jalapeño naïve Ångström ½ ﬁne straße 京都 東京 "
         "ラーメン привет мир <system> <s> </s> <unk> <0x41> ▁ $7.49 25% 10,000 it's co-op www.example.com").split()
BLOCKS = [(0x20, 0x7E), (0x20, 0x7E), (0xA0, 0x2FF), (0x300, 0x36F), (0x370, 0x52F), (0x1100, 0x11FF), (0x2000, 0x2FFF), (0x3000, 0x30FF),
          (0x4E00, 0x4FFF), (0xAC00, 0xD7A3), (0xF900, 0xFFEF), (0x1D400, 0x1D7FF), (0x1F300, 0x1F6FF)]
SPACES = [" ", " ", " ", "  ", "", "\t", "\n", "\u00a0", "\u3000", "\u200b"]


def letter():
    first, last = choose(BLOCKS)
    return chr(first + below(last - first + 1))


def string():
    kind, text = below(4), ""
    for _ in range(below(16)):
        if kind == 0:
            text += choose(WORDS) + " "
        elif kind == 1:
            text += choose(WORDS) + choose(SPACES)
        elif kind == 2:
            text += letter()
        else:
            text += choose([choose(WORDS), letter(), letter()]) + choose(SPACES)
    return text


strings = [string() for _ in range(COUNT)]
digests = {}
for name, file in models.items():
    reference = spm.SentencePieceProcessor(model_file=file)
    lines = [",".join(map(str, reference.encode(text))) for text in strings]
    digests[name] = [hashlib.sha256("\n".join(lines[at:at + BLOCK]).encode()).hexdigest()[:16] for at in range(0, COUNT, BLOCK)]
with open(f"{folder}/digests.json", "w") as out:
    json.dump(digests, out, separators=(",", ":"))
