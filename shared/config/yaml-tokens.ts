import { type CST, Lexer, type LineCounter, Parser } from 'yaml';

/** An error at an offset of a text. */
export interface Offence {
  readonly offset: number;
  readonly message: string;
}

/** Levels of nesting. relay.yaml needs ten at most. */
export const MAX_DEPTH = 50;

/** Words and signs of a text. 2,000 syncs take half of them. A longer text takes seconds to check. */
const MAX_LEXEMES = 300_000;

/** Signs of the lexer that are not in the text. Source: `cst.ts` of the package `yaml`. */
const MARKERS: ReadonlySet<string> = new Set(['\u0002', '\u0018', '\u001F']);

const TOO_LONG = 'the file is too long from here on; remove what no rule uses, or split the relay into two';
const TAG =
  'an unquoted ! begins a YAML tag, and tags are not supported; put the whole text in quotes, such as "!db-test-*"';
const DIRECTIVE = 'a line that begins with % is a YAML directive, and directives are not supported; remove it';
const PATTERN_ALIAS = 'an unquoted * begins a YAML alias; put the text in quotes, such as "*" or "*-db"';
const TOO_DEEP = `is nested more than ${MAX_DEPTH} levels deep; close the brackets before this one, or indent it less`;

/** True for the only directive that changes nothing. */
const isPlain = (directive: string): boolean => /^%YAML\s+1\.2\s*(#.*)?$/.test(directive);

/** True for an alias that was meant as a pattern: no anchor has such a name. */
const isPattern = (alias: string): boolean => !/^\*[A-Za-z_][\w-]*:?$/.test(alias);

const judge = (token: object): Offence | undefined => {
  if (!('type' in token && 'offset' in token && 'source' in token)) return undefined;
  const { type, offset, source } = token;
  if (typeof offset !== 'number' || typeof source !== 'string') return undefined;
  if (type === 'tag') return { offset, message: TAG };
  if (type === 'alias' && isPattern(source)) return { offset, message: PATTERN_ALIAS };
  return type === 'directive' && !isPlain(source) ? { offset, message: DIRECTIVE } : undefined;
};

const COLLECTIONS: ReadonlySet<unknown> = new Set(['block-map', 'block-seq', 'flow-collection']);
const isCollection = (token: object): boolean => 'type' in token && COLLECTIONS.has(token.type);

const isObject = (part: unknown): part is object => typeof part === 'object' && part !== null;

/** Tokens of a text, and what they show before the text is interpreted. */
export interface Tokens {
  readonly tokens: readonly CST.Token[];
  readonly offences: readonly Offence[];
  /** True if the text is too long or nested too deep to be interpreted. */
  readonly isTooLarge: boolean;
}

const tooLarge = (offset: number, message: string): Tokens => ({
  tokens: [],
  offences: [{ offset, message }],
  isTooLarge: true,
});

/**
 * Splits a YAML text into tokens, and finds every tag, directive and pattern that is written like an alias among them.
 * The parser reports neither a tag that it supports nor one without a name, and uses the text after the tag as the
 * value.
 *
 * @param lines Receives the offset of each line.
 */
export const readTokens = (text: string, lines: LineCounter): Tokens => {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  let [offset, count] = [0, 0];
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    offset += MARKERS.has(lexeme) ? 0 : lexeme.length;
    count += 1;
    if (count > MAX_LEXEMES) return tooLarge(Math.min(offset, text.length), TOO_LONG);
  }
  tokens.push(...parser.end());
  return judgeAll(tokens);
};

const judgeAll = (tokens: readonly CST.Token[]): Tokens => {
  const offences: Offence[] = [];
  // An explicit stack instead of recursion, because a file can be nested arbitrarily deep.
  const waiting: { readonly token: object; readonly depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    const offence = judge(token);
    if (offence !== undefined) {
      offences.push(offence);
      continue;
    }
    const inner = depth + Number(isCollection(token));
    if (inner > MAX_DEPTH)
      return tooLarge('offset' in token && typeof token.offset === 'number' ? token.offset : 0, TOO_DEEP);
    for (const part of Object.values(token)) if (isObject(part)) waiting.push({ token: part, depth: inner });
  }
  return { tokens, offences, isTooLarge: false };
};
