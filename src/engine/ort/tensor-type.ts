/** Element types by their ONNX names; `onnx` is the number that ONNX and ONNX Runtime's C API both use. */
export const tensorTypes = {
  float32: { onnx: 1, bytes: 4 },
  int32: { onnx: 6, bytes: 4 },
  int64: { onnx: 7, bytes: 8 },
  bool: { onnx: 9, bytes: 1 },
  float16: { onnx: 10, bytes: 2 },
  bfloat16: { onnx: 16, bytes: 2 },
} as const;

export type TensorType = keyof typeof tensorTypes;

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function byteCount(type: TensorType, shape: readonly number[]): number {
  return elementCount(shape) * tensorTypes[type].bytes;
}
