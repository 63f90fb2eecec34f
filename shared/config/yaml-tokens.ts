import { Parser } from 'yaml';

/** Something wrong at an offset of a text. */
export interface Offence {
  readonly offset: number;
  readonly message: string;
}

const TAG =
  'a ! without quotes begins a YAML tag, which changes what follows and is not used here; put the whole text in quotes, such as "!db-test-*"';
const DIRECTIVE = 'a line that begins with % instructs the YAML parser, which is not used here; remove it';

/** The one directive that says nothing new. */
const isPlain = (directive: string): boolean => /^%YAML\s+1\.2\s*(#.*)?$/.test(directive);

const judge = (token: object): Offence | undefined => {
  if (!('type' in token && 'offset' in token && 'source' in token)) return undefined;
  const { type, offset, source } = token;
  if (typeof offset !== 'number' || typeof source !== 'string') return undefined;
  if (type === 'tag') return { offset, message: TAG };
  return type === 'directive' && !isPlain(source) ? { offset, message: DIRECTIVE } : undefined;
};

/**
 * Every tag and every directive that is written into a YAML text. They are looked for among its tokens, because the parser
 * says nothing of a tag that it knows, or of one without a name, and takes the text behind it for the value. Pure.
 */
export const findInstructions = (text: string): Offence[] => {
  const found: Offence[] = [];
  // A stack of our own: the depth of a file is up to its author.
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
