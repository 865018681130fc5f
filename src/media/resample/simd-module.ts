/**
 * The WebAssembly module of `FirKernel`, assembled here so that no binary has to be trusted. In WAT:
 *
 *     (module
 *       (memory (export "memory") 2)                       ;; 128 KiB
 *       (func (export "fir")
 *         (param $in i32) (param $coefficients i32) (param $out i32)
 *         (param $taps i32) (param $phases i32) (param $advance i32) (param $steps i32)
 *         (local $row i32) (local $phase i32) (local $tap i32) (local $sum v128)
 *         (loop $step
 *           (local.set $row (local.get $coefficients))
 *           (local.set $phase (local.get $phases))
 *           (loop $eachPhase
 *             (local.set $sum (v128.const 0))
 *             (local.set $tap (i32.const 0))               ;; in bytes
 *             (loop $eachTap
 *               (local.set $sum (f32x4.add (local.get $sum) (f32x4.mul
 *                 (v128.load (i32.add (local.get $in) (local.get $tap)))
 *                 (v128.load (i32.add (local.get $row) (local.get $tap))))))
 *               (local.set $tap (i32.add (local.get $tap) (i32.const 16)))
 *               (br_if $eachTap (i32.lt_u (local.get $tap) (local.get $taps))))
 *             (f32.store (local.get $out) (the four lanes of $sum added))
 *             (local.set $out (i32.add (local.get $out) (i32.const 4)))
 *             (local.set $row (i32.add (local.get $row) (local.get $taps)))
 *             (br_if $eachPhase (local.tee $phase (i32.sub (local.get $phase) (i32.const 1)))))
 *           (local.set $in (i32.add (local.get $in) (local.get $advance)))
 *           (br_if $step (local.tee $steps (i32.sub (local.get $steps) (i32.const 1)))))))
 *
 * with `$taps` and `$advance` turned into bytes at the start. `$steps`, `$phases` and `$taps` must not be 0.
 */
export function buildSimdModule(): Uint8Array<ArrayBuffer> {
  const IN = 0;
  const COEFFICIENTS = 1;
  const OUT = 2;
  const TAPS = 3;
  const PHASES = 4;
  const ADVANCE = 5;
  const STEPS = 6;
  const ROW = 7;
  const PHASE = 8;
  const TAP = 9;
  const SUM = 10;
  const lane = (index: number) => [...get(SUM), ...simd(F32X4_EXTRACT_LANE), index];
  const body = [
    ...set(TAPS, [...get(TAPS), ...constant(2), I32_SHL]),
    ...set(ADVANCE, [...get(ADVANCE), ...constant(2), I32_SHL]),
    ...loop([
      ...set(ROW, get(COEFFICIENTS)),
      ...set(PHASE, get(PHASES)),
      ...loop([
        ...set(SUM, [...simd(V128_CONST), ...new Array<number>(16).fill(0)]),
        ...set(TAP, constant(0)),
        ...loop([
          ...set(SUM, [
            ...get(SUM),
            ...[...get(IN), ...get(TAP), I32_ADD, ...simd(V128_LOAD), ...MEMORY_ARGUMENT],
            ...[...get(ROW), ...get(TAP), I32_ADD, ...simd(V128_LOAD), ...MEMORY_ARGUMENT],
            ...simd(F32X4_MUL),
            ...simd(F32X4_ADD),
          ]),
          ...set(TAP, [...get(TAP), ...constant(16), I32_ADD]),
          ...[...get(TAP), ...get(TAPS), I32_LT_U],
        ]),
        ...get(OUT),
        ...[...lane(0), ...lane(1), F32_ADD, ...lane(2), ...lane(3), F32_ADD, F32_ADD],
        ...[F32_STORE, ...MEMORY_ARGUMENT],
        ...set(OUT, [...get(OUT), ...constant(4), I32_ADD]),
        ...set(ROW, [...get(ROW), ...get(TAPS), I32_ADD]),
        ...[...get(PHASE), ...constant(1), I32_SUB, LOCAL_TEE, PHASE],
      ]),
      ...set(IN, [...get(IN), ...get(ADVANCE), I32_ADD]),
      ...[...get(STEPS), ...constant(1), I32_SUB, LOCAL_TEE, STEPS],
    ]),
  ];
  const locals = [2, 3, I32, 1, V128];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 7, I32, I32, I32, I32, I32, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x00, 2]),
    ...section(7, [2, ...name('memory'), 0x02, 0, ...name('fir'), 0x00, 0]),
    ...section(10, [1, ...sized([...locals, ...body, END])]),
  ]);
}

// WebAssembly core specification 2.0, section 5.4: opcodes.
const I32 = 0x7f;
const V128 = 0x7b;
const END = 0x0b;
const LOOP = 0x03;
const BLOCK_WITHOUT_RESULT = 0x40;
const BR_IF = 0x0d;
const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const LOCAL_TEE = 0x22;
const F32_STORE = 0x38;
const I32_CONST = 0x41;
const I32_LT_U = 0x49;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32_SHL = 0x74;
const F32_ADD = 0x92;
const SIMD = 0xfd;
const V128_LOAD = 0x00;
const V128_CONST = 0x0c;
const F32X4_EXTRACT_LANE = 0x1f;
const F32X4_ADD = 0xe4;
const F32X4_MUL = 0xe6;
/** Alignment 4 bytes, offset 0: inputs of 24 -> 8 kHz start at any float. */
const MEMORY_ARGUMENT = [2, 0];

const get = (local: number) => [LOCAL_GET, local];
const set = (local: number, value: readonly number[]) => [...value, LOCAL_SET, local];
const constant = (value: number) => [I32_CONST, value];
const simd = (opcode: number) => [SIMD, ...unsigned(opcode)];
/** Runs the body, whose last value says whether to run it again. */
const loop = (body: readonly number[]) => [LOOP, BLOCK_WITHOUT_RESULT, ...body, BR_IF, 0, END];
const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
const sized = (bytes: readonly number[]) => [...unsigned(bytes.length), ...bytes];
const section = (id: number, bytes: readonly number[]) => [id, ...sized(bytes)];

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return bytes;
}
