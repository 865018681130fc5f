/** A tensor as a pickle describes it; its data is in the zip entry `data/<key>`. */
export interface TensorRecord {
  readonly dtype: 'bfloat16' | 'float32' | 'int32' | 'int64';
  readonly storageKey: string;
  /** Elements of the whole storage. */
  readonly storageSize: number;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const storageTypes: Readonly<Record<string, TensorRecord['dtype']>> = {
  'torch.BFloat16Storage': 'bfloat16',
  'torch.FloatStorage': 'float32',
  'torch.IntStorage': 'int32',
  'torch.LongStorage': 'int64',
};
const rebuildTensor = 'torch._utils._rebuild_tensor_v2';
const orderedDict = 'collections.OrderedDict';
/** Far above any published voice file, far below harm. */
const longestPickle = 64 * 1024;

type Value =
  | { readonly kind: 'mark' }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'tuple'; readonly items: readonly Value[] }
  | { readonly kind: 'dict'; readonly items: Map<string, Value> }
  | { readonly kind: 'name'; readonly value: string }
  | { readonly kind: 'storage'; readonly dtype: TensorRecord['dtype']; readonly key: string; readonly size: number }
  | { readonly kind: 'tensor'; readonly tensor: TensorRecord };

/**
 * Reads the pickle of a dict from names to tensors, as torch.save writes it with protocol 2. A pickle is a program; this is no interpreter of
 * it: only the opcodes that describe tensors are known, names are compared with a list and never looked up, and nothing is ever called.
 * Opcodes: CPython's pickletools.py. Throws RangeError on anything else.
 */
export function readTensorPickle(pickle: Uint8Array): Map<string, TensorRecord> {
  if (pickle.byteLength > longestPickle) throw new RangeError(`its pickle has ${pickle.byteLength} bytes`);
  const view = new DataView(pickle.buffer, pickle.byteOffset, pickle.byteLength);
  const stack: Value[] = [];
  const memo = new Map<number, Value>();
  let at = 0;
  const take = (bytes: number): number => {
    if (at + bytes > pickle.byteLength) throw new RangeError('its pickle is cut short');
    at += bytes;
    return at - bytes;
  };
  const pop = (): Value => {
    const value = stack.pop();
    if (value === undefined || value.kind === 'mark') throw new RangeError('its pickle takes what it never put');
    return value;
  };
  const popToMark = (): Value[] => {
    const mark = stack.findLastIndex((value) => value.kind === 'mark');
    if (mark < 0) throw new RangeError('its pickle takes what it never put');
    return stack.splice(mark).slice(1);
  };
  const popTuple = (count: number): Value => ({ kind: 'tuple', items: Array.from({ length: count }, pop).reverse() });
  const line = (): string => {
    const end = pickle.indexOf(0x0a, at);
    if (end < 0) throw new RangeError('its pickle is cut short');
    const text = String.fromCharCode(...pickle.subarray(at, Math.min(end, at + 200)));
    at = end + 1;
    return text;
  };
  const remember = (slot: number): void => {
    const value = stack.at(-1);
    if (value === undefined) throw new RangeError('its pickle takes what it never put');
    memo.set(slot, value);
  };
  const recall = (slot: number): void => {
    const value = memo.get(slot);
    if (value === undefined) throw new RangeError('its pickle takes what it never put');
    stack.push(value);
  };

  for (;;) {
    const opcode = view.getUint8(take(1));
    switch (opcode) {
      case 0x80: // PROTO
        if (view.getUint8(take(1)) !== 2) throw new RangeError('its pickle is not of protocol 2');
        break;
      case 0x7d: // EMPTY_DICT
        stack.push({ kind: 'dict', items: new Map() });
        break;
      case 0x28: // MARK
        stack.push({ kind: 'mark' });
        break;
      case 0x58: {
        // BINUNICODE
        const length = view.getUint32(take(4), true);
        const from = take(length);
        stack.push({ kind: 'text', value: new TextDecoder().decode(pickle.subarray(from, from + length)) });
        break;
      }
      case 0x4b: // BININT1
        stack.push({ kind: 'number', value: view.getUint8(take(1)) });
        break;
      case 0x4d: // BININT2
        stack.push({ kind: 'number', value: view.getUint16(take(2), true) });
        break;
      case 0x4a: // BININT
        stack.push({ kind: 'number', value: view.getInt32(take(4), true) });
        break;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push({ kind: 'boolean' });
        break;
      case 0x29: // EMPTY_TUPLE
        stack.push({ kind: 'tuple', items: [] });
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(popTuple(opcode - 0x84));
        break;
      case 0x74: // TUPLE
        stack.push({ kind: 'tuple', items: popToMark() });
        break;
      case 0x63: {
        // GLOBAL
        const name = `${line()}.${line()}`;
        if (!Object.hasOwn(storageTypes, name) && name !== rebuildTensor && name !== orderedDict)
          throw new RangeError(`its pickle names ${name}, which no voice needs`);
        stack.push({ kind: 'name', value: name });
        break;
      }
      case 0x51: // BINPERSID
        stack.push(toStorage(pop()));
        break;
      case 0x52: {
        // REDUCE
        const given = pop();
        stack.push(rebuild(pop(), given));
        break;
      }
      case 0x71: // BINPUT
        remember(view.getUint8(take(1)));
        break;
      case 0x72: // LONG_BINPUT
        remember(view.getUint32(take(4), true));
        break;
      case 0x68: // BINGET
        recall(view.getUint8(take(1)));
        break;
      case 0x6a: // LONG_BINGET
        recall(view.getUint32(take(4), true));
        break;
      case 0x73: {
        // SETITEM
        const value = pop();
        const key = pop();
        setItems(stack.at(-1), [key, value]);
        break;
      }
      case 0x75: {
        // SETITEMS
        const items = popToMark();
        setItems(stack.at(-1), items);
        break;
      }
      case 0x2e: // STOP
        return finish(pop(), stack.length);
      default:
        throw new RangeError(`its pickle uses opcode 0x${opcode.toString(16)} at byte ${at - 1}, which no voice needs`);
    }
  }
}

/** `('storage', type, key, location, size)`: torch.serialization's persistent id. */
function toStorage(id: Value): Value {
  const [tag, type, key, , size] = id.kind === 'tuple' ? id.items : [];
  const dtype = type?.kind === 'name' ? storageTypes[type.value] : undefined;
  if (tag?.kind !== 'text' || tag.value !== 'storage' || key?.kind !== 'text' || size?.kind !== 'number' || !dtype)
    throw new RangeError('its pickle holds a reference that is no tensor storage');
  return { kind: 'storage', dtype, key: key.value, size: size.value };
}

/** The only two calls a tensor needs: `OrderedDict()` (its hooks, always empty) and `_rebuild_tensor_v2(storage, offset, size, stride, ...)`. */
function rebuild(called: Value, given: Value): Value {
  const name = called.kind === 'name' ? called.value : null;
  const parts = given.kind === 'tuple' ? given.items : [];
  if (name === orderedDict && parts.length === 0) return { kind: 'dict', items: new Map() };
  const [storage, offset, shape, strides] = parts;
  if (name !== rebuildTensor || storage?.kind !== 'storage' || offset?.kind !== 'number')
    throw new RangeError('its pickle calls something that is no tensor');
  return {
    kind: 'tensor',
    tensor: {
      dtype: storage.dtype,
      storageKey: storage.key,
      storageSize: storage.size,
      offset: offset.value,
      shape: numbersOf(shape),
      strides: numbersOf(strides),
    },
  };
}

function numbersOf(value: Value | undefined): number[] {
  if (value?.kind !== 'tuple') throw new RangeError('its pickle holds a tensor without a shape');
  return value.items.map((item) => {
    if (item.kind !== 'number' || item.value < 0) throw new RangeError('its pickle holds a tensor of a broken shape');
    return item.value;
  });
}

function setItems(target: Value | undefined, items: readonly Value[]): void {
  if (target?.kind !== 'dict' || items.length % 2 !== 0)
    throw new RangeError('its pickle fills something that is no dict');
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i];
    const value = items[i + 1];
    if (key?.kind !== 'text' || value === undefined) throw new RangeError('its pickle has a key that is no text');
    target.items.set(key.value, value);
  }
}

function finish(result: Value, left: number): Map<string, TensorRecord> {
  if (result.kind !== 'dict' || left !== 0) throw new RangeError('its pickle does not end in one dict');
  const tensors = new Map<string, TensorRecord>();
  for (const [name, value] of result.items) {
    if (value.kind !== 'tensor') throw new RangeError(`its "${name}" is no tensor`);
    tensors.set(name, value.tensor);
  }
  return tensors;
}
