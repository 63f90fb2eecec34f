import { isIP } from 'node:net';
import { resemblesMark } from '#shared/domain/blueprint/mark.ts';
import type { Inputs } from '#shared/domain/blueprint/subject.ts';
import { isPlainText } from '#shared/domain/text.ts';

/** Inputs of a blueprint: their formats, and how they fill the settings of its resources. */

/** Formats of an input. Each limits the texts that a message can bring into a name, an address or a description. */
export const INPUT_FORMATS = ['word', 'address', 'text'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

/** Declaration of one input. */
export interface InputRules {
  readonly format: InputFormat;
  readonly default?: string | undefined;
}

export interface InputProblem {
  readonly input: string;
  /** Problem and fix. It repeats no text of the input. */
  readonly message: string;
}

export type CheckedInputs =
  | { readonly ok: true; readonly inputs: Inputs }
  | { readonly ok: false; readonly problems: readonly InputProblem[] };

const WORD = /^[A-Za-z0-9][\w.-]{0,63}$/;
const MAX_TEXT = 120;

const FORMATS: Readonly<Record<InputFormat, { readonly fits: (text: string) => boolean; readonly fix: string }>> = {
  word: {
    fits: (text) => WORD.test(text),
    fix: 'use 1 to 64 letters, digits, dots, hyphens and underscores, beginning with a letter or a digit',
  },
  // A zone id names an interface of the machine that uses the address.
  address: { fits: (text) => isIP(text) !== 0 && !text.includes('%'), fix: 'use an IPv4 or IPv6 address' },
  text: {
    fits: (text) =>
      text.trim() === text && text !== '' && text.length <= MAX_TEXT && isPlainText(text) && !resemblesMark(text),
    fix: `use 1 to ${MAX_TEXT} characters in one line, without blanks at the beginning and end, and without [pam-relay`,
  },
};

/** Checks the format of one text. Returns the fix if it does not fit. Pure. */
export const inputProblem = (format: InputFormat, text: string): string | undefined =>
  FORMATS[format].fits(text) ? undefined : FORMATS[format].fix;

const ownText = (texts: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(texts, name) ? texts[name] : undefined;

/** Checks the inputs of a message against their declarations, and fills in the defaults. Pure. */
export const checkInputs = (
  declared: Readonly<Record<string, InputRules>>,
  given: Readonly<Record<string, string>>,
): CheckedInputs => {
  const problems: InputProblem[] = Object.keys(given)
    .filter((input) => !Object.hasOwn(declared, input))
    .map((input) => ({
      input,
      message: `is not declared by the blueprint; use ${Object.keys(declared).join(', ') || 'none'}`,
    }));
  const inputs: Record<string, string> = {};
  for (const [input, { format, default: preset }] of Object.entries(declared)) {
    const text = ownText(given, input) ?? preset;
    const fix = text === undefined ? 'is missing; add it' : inputProblem(format, text);
    if (fix !== undefined) problems.push({ input, message: fix });
    else if (text !== undefined) inputs[input] = text;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, inputs };
};
