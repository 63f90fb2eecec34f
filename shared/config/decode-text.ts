/** Text of a file, or the place and the message of what is not UTF-8. */
export type Decoded =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly line: number; readonly column: number; readonly message: string };

const LINE_FEED = 0x0a;
const REPLACEMENT = '\uFFFD';

const convert = (encoding: string): string =>
  `save the file as UTF-8, or convert it: iconv -f ${encoding} -t UTF-8 relay.yaml > relay.utf8.yaml`;

/** Encoding of a byte order mark that is not that of UTF-8. */
const markOf = ([first, second]: Uint8Array): string | undefined => {
  if (first === 0xff && second === 0xfe) return 'UTF-16LE';
  return first === 0xfe && second === 0xff ? 'UTF-16BE' : undefined;
};

/** Most characters of a relay.yaml are ASCII, of which every second byte is zero in UTF-16. */
const unmarkedUtf16 = (bytes: Uint8Array): string | undefined => {
  const zeros = bytes.reduce(
    (counts, byte, index) => (byte === 0 ? counts.with(index % 2, (counts[index % 2] ?? 0) + 1) : counts),
    [0, 0],
  );
  const [even = 0, odd = 0] = zeros;
  if (Math.max(even, odd) <= bytes.length / 4) return undefined;
  return odd > even ? 'UTF-16LE' : 'UTF-16BE';
};

const refuse = (line: number, column: number, message: string): Decoded => ({ ok: false, line, column, message });

const decode = (bytes: Uint8Array, fatal: boolean): string => new TextDecoder('utf-8', { fatal }).decode(bytes);

const isUtf8 = (bytes: Uint8Array): boolean => {
  try {
    decode(bytes, true);
    return true;
  } catch {
    return false;
  }
};

/** The first line that is not UTF-8, which no line feed is part of. */
const findDamage = (bytes: Uint8Array): Decoded => {
  let from = 0;
  for (let line = 1; ; line += 1) {
    const end = bytes.indexOf(LINE_FEED, from);
    const content = bytes.subarray(from, end < 0 ? bytes.length : end);
    if (!isUtf8(content)) {
      const column = decode(content, false).indexOf(REPLACEMENT) + 1;
      return refuse(line, column, `is not UTF-8 at this character; ${convert('ISO-8859-1')}`);
    }
    from = end + 1;
  }
};

/**
 * Decodes the bytes of a file, with or without the byte order mark of UTF-8. Other encodings are recognised for the
 * message. Pure; never throws.
 */
export const decodeText = (bytes: Uint8Array): Decoded => {
  const utf16 = markOf(bytes) ?? unmarkedUtf16(bytes);
  if (utf16 !== undefined) return refuse(1, 1, `is not UTF-8 but ${utf16}; ${convert(utf16)}`);
  return isUtf8(bytes) ? { ok: true, text: decode(bytes, true) } : findDamage(bytes);
};
