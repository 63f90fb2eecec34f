import { Parser } from 'yaml';

/** An error at an offset of a text. */
export interface Offence {
  readonly offset: number;
  readonly message: string;
}

const TAG =
  'an unquoted ! begins a YAML tag, and tags are not supported; put the whole text in quotes, such as "!db-test-*"';
const DIRECTIVE = 'a line that begins with % is a YAML directive, and directives are not supported; remove it';

/** True for the only directive that changes nothing. */
const isPlain = (directive: string): boolean => /^%YAML\s+1\.2\s*(#.*)?$/.test(directive);

const judge = (token: object): Offence | undefined => {
  if (!('type' in token && 'offset' in token && 'source' in token)) return undefined;
  const { type, offset, source } = token;
  if (typeof offset !== 'number' || typeof source !== 'string') return undefined;
  if (type === 'tag') return { offset, message: TAG };
  return type === 'directive' && !isPlain(source) ? { offset, message: DIRECTIVE } : undefined;
};

/**
 * Finds every tag and directive in a YAML text. It searches the tokens, because the parser reports neither a tag that
 * it supports nor one without a name, and uses the text after the tag as the value. Pure.
 */
export const findInstructions = (text: string): Offence[] => {
  const found: Offence[] = [];
  // An explicit stack instead of recursion, because a file can be nested arbitrarily deep.
  const waiting: unknown[] = [...new Parser().parse(text)];
  while (waiting.length > 0) {
    const token = waiting.pop();
    if (typeof token !== 'object' || token === null) continue;
    const offence = judge(token);
    if (offence === undefined) waiting.push(...Object.values(token));
    else found.push(offence);
  }
  return found;
};
