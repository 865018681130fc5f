"""Makes test/fixtures/tokenizer: two small sentencepiece models (some pieces marked unused) and the ids that the reference gives for varied strings.

    pip install sentencepiece==0.2.3 protobuf
    python3 scripts/make-tokenizer-golden.py models/nano/tokenizer_spm.model [COUNT]

COUNT (default 288) strings; scripts/make-tokenizer-digests.py has 10,000.
"""
import json
import os
import random
import sys

import sentencepiece as spm
from sentencepiece import sentencepiece_model_pb2 as model_pb2

nano = sys.argv[1]
count = int(sys.argv[2]) if len(sys.argv) > 2 else 288
folder = "test/fixtures/tokenizer"
random.seed(7)

words = (
    "welcome to the burger barn what can i get for you today please two large fries and one chicken sandwich with no onions "
    "extra pickles that will be nine dollars pull forward thank you sorry we do not have that anything else would you like a "
    "drink cola lemonade coffee small medium café crème jalapeño naïve Ångström ½ ﬁne straße 京都 東京 ラーメン привет мир"
).split()
corpus = [" ".join(random.choice(words) for _ in range(random.randint(3, 12))) for _ in range(3000)]
corpus += ["<system> You work for " + " ".join(random.sample(words, 3)) + " <system>" for _ in range(200)]
common = dict(sentence_iterator=None, normalization_rule_name="identity", hard_vocab_limit=False, minloglevel=2)
common |= dict(byte_fallback=True, unk_id=0, bos_id=1, eos_id=2, pad_id=3)


def train(name, **options):
    prefix = os.path.join(folder, name)
    settings = common | options | dict(sentence_iterator=iter(corpus), model_prefix=prefix)
    spm.SentencePieceTrainer.train(**settings)
    os.remove(prefix + ".vocab")
    model = model_pb2.ModelProto()
    with open(prefix + ".model", "rb") as file:
        model.ParseFromString(file.read())
    for piece in model.pieces[::7]:
        if piece.type == model_pb2.ModelProto.SentencePiece.NORMAL:
            piece.type = model_pb2.ModelProto.SentencePiece.UNUSED
    with open(prefix + ".model", "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


# Each turns the switches that the nano model (BPE, nmt_nfkc, dummy prefix, no byte fallback) leaves alone.
train("unigram", model_type="unigram", vocab_size=420, character_coverage=0.995, remove_extra_whitespaces=False,
      user_defined_symbols=["<system>", "get", "<x>"])
train("bpe", model_type="bpe", vocab_size=450, character_coverage=0.98, treat_whitespace_as_suffix=True,
      user_defined_symbols=["<system>"])

blocks = [(0, 0x2FF), (0x300, 0x36F), (0x370, 0x52F), (0x1100, 0x11FF), (0x2000, 0x2FFF), (0x3000, 0x30FF), (0x4E00, 0x4FFF),
          (0xAC00, 0xD7A3), (0xF900, 0xFFFF), (0x1D400, 0x1D7FF), (0x1F300, 0x1F6FF), (0x61, 0x7A)]
oddities = ["ﬁ", "½", "Å", "A\u030a", "e\u0301", "①", "㌔", "ﷺ", "１２", "…", "’", "\u200b", "\ufeff", "\u00ad", "\0", "\ufffd", "ﾊﾞ",
            "각", "ᄀ", "ᅡ", "ǅ", "ß", "İ"]
specials = ["<system>", " <system> ", "<sys", "<s>", "</s>", "<unk>", "<0x41>", "<x>", "get", "▁", "▁▁t"]
role = "You work for {} which is a {} and your name is {}. Information: {} costs ${}.{:02}, 25% off!"


def some(choose, most, joiner=""):
    return joiner.join(choose() for _ in range(random.randint(0, most)))


def word():
    return random.choice(words)


kinds = [
    lambda: some(word, 15, " "),
    lambda: some(lambda: chr(random.randint(32, 126)), 40),
    lambda: some(lambda: random.choice("  \t\n\u00a0\u3000\u2009abcЖ"), 20),
    lambda: some(lambda: chr(random.randint(*random.choice(blocks))), 25),
    lambda: some(lambda: random.choice(words + ["", "", " "]), 8, random.choice(specials)),
    lambda: some(lambda: random.choice("abcdetghiou "), 60),
    lambda: some(lambda: random.choice(oddities), 12),
    lambda: role.format(word(), word(), word().title(), word(), random.randint(0, 99), random.randint(0, 99)),
]
strings = [kinds[i % len(kinds)]() for i in range(count)]
golden = {"strings": strings}
for name, file in [("nano", nano), ("unigram", f"{folder}/unigram.model"), ("bpe", f"{folder}/bpe.model")]:
    reference = spm.SentencePieceProcessor(model_file=file)
    golden[name] = [reference.encode(text) for text in strings]
with open(f"{folder}/golden.json", "w") as out:
    json.dump(golden, out, separators=(",", ":"))
