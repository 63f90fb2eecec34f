import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Written } from './aws/written.ts';

/** A credential found outside the store. Never contains the value itself. */
export interface Hit {
  readonly where: string;
  readonly form: Form;
  readonly offset: number;
}

type Form = 'as it is' | 'JSON' | 'URL' | 'base64' | 'hex' | 'bytes';

/** Prefix of all canaries. The simulator includes a canary in every credential, token and cookie that it issues. */
const CANARY_PREFIX = 'canary-';
/** The shortest text that counts as a canary: a truncated value, as parsers quote it, is also a leak. */
const CANARY = /^canary-[0-9a-f]{3}/;
const CANARY_LENGTH = CANARY_PREFIX.length + 3;

/**
 * Searches for all canaries and for other secret values, in every form in which they may have been written. All
 * canaries share a prefix, so one search finds them all.
 */
export const createSearch = (values: readonly string[] = []) => {
  const needles = [...needlesFor(CANARY_PREFIX), ...values.flatMap(needlesFor)];
  return ({ where, content }: Written): Hit[] =>
    needles.flatMap(({ form, bytes, isCanary }) =>
      occurrences(content, bytes)
        .filter(
          (offset) =>
            !isCanary || form !== 'as it is' || CANARY.test(content.toString('latin1', offset, offset + CANARY_LENGTH)),
        )
        .map((offset) => ({ where, form, offset })),
    );
};

interface Needle {
  readonly form: Form;
  readonly bytes: Buffer;
  readonly isCanary: boolean;
}

const needlesFor = (value: string): Needle[] => {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  const forms: [Form, string][] = [
    ['as it is', value],
    // Up to three levels: a text in an event, in a state, in a history.
    ['JSON', inJson(value)],
    ['JSON', inJson(inJson(value))],
    ['JSON', inJson(inJson(inJson(value)))],
    ['URL', encodeURIComponent(value)],
    ['hex', hex],
    ['hex', hex.toUpperCase()],
    // A Buffer as JSON and as formatted by `inspect`.
    ['bytes', bytes.join(',')],
    ['bytes', hex.replaceAll(/..(?!$)/g, '$& ')],
    ...[0, 1, 2].flatMap((shift): [Form, string][] => {
      const core = base64Core(value, shift);
      return [
        ['base64', core],
        ['base64', core.replaceAll('+', '-').replaceAll('/', '_')],
      ];
    }),
  ];
  // Identical forms are searched once, under the simplest name.
  const distinct = new Map<string, Form>();
  for (const [form, text] of forms) if (!distinct.has(text)) distinct.set(text, form);
  return [...distinct].map(([text, form]) => ({ form, bytes: Buffer.from(text), isCanary: value === CANARY_PREFIX }));
};

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** The base64 characters that do not depend on the bytes before (`shift` of them) or after the value. */
const base64Core = (value: string, shift: number): string => {
  const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(value)]);
  const firstOwn = Math.ceil((shift * 8) / 6);
  return bytes.toString('base64').slice(firstOwn, Math.floor((bytes.length * 8) / 6));
};

const occurrences = (content: Buffer, bytes: Buffer): number[] => {
  const found: number[] = [];
  for (let at = content.indexOf(bytes); at !== -1; at = content.indexOf(bytes, at + 1)) found.push(at);
  return found;
};

/** All files below a directory. */
export function* filesBelow(directory: string): Iterable<Written> {
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const where = join(entry.parentPath, entry.name);
    yield { where, content: readFileSync(where) };
  }
}
